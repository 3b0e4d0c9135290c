using EntryGuard.Contracts;

namespace EntryGuard.Server.Web.Pages.Organization;

/// <summary>What one card of the settings holds while it is edited. What others change meanwhile comes in by itself as long as nothing here was touched.</summary>
/// <typeparam name="T">A record, so that it compares by its values.</typeparam>
/// <param name="read">What the card shows of the settings; a new one at each call.</param>
/// <param name="write">What it asks to be changed.</param>
public sealed class SettingsDraft<T>(Func<OrganizationSettingsResponse, T> read, Func<T, UpdateOrganizationSettingsRequest> write)
    where T : class
{
    private T? began;
    private OrganizationSettingsResponse? theirs;
    private string? theirTag;
    private string? etag;

    /// <summary>What is typed; null: nothing is loaded yet.</summary>
    public T? Now { get; private set; }

    public Problem? Problem { get; private set; }

    public bool IsBusy { get; private set; }

    public bool IsTouched => Now is not null && !Now.Equals(began);

    /// <summary>Somebody else changed what is edited here.</summary>
    public bool IsOutdated { get; private set; }

    /// <summary>The settings as they are now.</summary>
    public void Take(OrganizationSettingsResponse settings, string? tag)
    {
        (theirs, theirTag) = (settings, tag);
        if (!IsTouched)
            TakeTheirs();
        else if (read(settings).Equals(began))
            etag = tag;   // another card's: nothing of this one is lost by it
        else
            IsOutdated = true;
    }

    /// <summary>What was typed is given up.</summary>
    public void TakeTheirs()
    {
        if (theirs is null)
            return;
        (Now, began, etag, Problem, IsOutdated) = (read(theirs), read(theirs), theirTag, null, false);
    }

    /// <returns>What came of it; null: it was refused, or is on its way already.</returns>
    public async Task<ApiAnswer<OrganizationSettingsResponse>?> SaveAsync(ApiClient client)
    {
        if (IsBusy || Now is null)
            return null;
        IsBusy = true;
        var answer = await client.UpdateOrganizationSettingsAsync(write(Now), etag, CancellationToken.None);
        IsBusy = false;
        Problem = answer.Problem;
        if (Problem?.Error == ErrorCodes.PreconditionFailed)
            (IsOutdated, Problem) = (true, null);
        if (answer.Body is null)
            return null;
        began = Now;
        Take(answer.Body, answer.ETag);
        return answer;
    }
}
