using EntryGuard.Contracts;
using EntryGuard.Server.Web.Parts;

namespace EntryGuard.Server.Web.Pages.Resources;

/// <summary>How Resources and what reaches them are spoken of.</summary>
internal static class ResourceWords
{
    private static readonly HashSet<string> Spelled = ["AWS", "GCP", "TCP", "IBM", "OVH"];

    /// <summary>"Gate", "AWS", "OpenStack".</summary>
    public static string Provider(string wire) => wire == "OPENSTACK" ? "OpenStack" : Spelled.Contains(wire) ? wire : Words.Title(wire);

    /// <summary>"Security group", "TCP gate".</summary>
    public static string Kind(string wire)
    {
        var words = wire.Split('_');
        return string.Join(' ', words.Select((w, i) => Spelled.Contains(w) ? w : i == 0 ? Words.Title(w) : w.ToLowerInvariant()));
    }

    /// <summary>The switch; frozen goes before it, as nobody opens it then.</summary>
    public static StatusLook Active(ResourceResponse resource) => resource is { IsActive: true, FrozenAt: not null }
        ? new("Frozen", "orange", "M12 3v18M4 8l16 8M20 8L4 16", "Nobody opens it until the freeze is lifted.") : Words.OnOff(resource.IsActive);

    /// <summary>Of a policy about drift.</summary>
    public static string Policy(string policy) => policy switch
    {
        "OBSERVE" => "Report only: nothing is put back, and nothing but what ended is taken off.",
        "REPAIR" => "Put back our rules that are missing, take off ours that nobody wants; rules of others are reported.",
        "EXCLUSIVE" => "As Repair, and rules of others are taken off too: the list is wholly ours.",
        _ => "",
    };

    /// <summary>Of a kind of address, as a thing to let in.</summary>
    public static string Addresses(string word) => word switch
    {
        "RANGE" => "Ranges, not only single addresses",
        "LINK_LOCAL" => "Link-local addresses",
        _ => $"{Words.Title(word)} addresses",
    };

    public static StatusLook Verdict(string outcome) => outcome == "UNREACHABLE"
        ? new("No answer", "orange", "M12 4l9 16H3L12 4zM12 10v4M12 17v.5", "The provider gave no answer that says either.") : Words.Health(outcome);
}
