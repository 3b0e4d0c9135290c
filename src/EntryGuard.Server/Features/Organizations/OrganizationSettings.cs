using EntryGuard.Contracts;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Engine;
using EntryGuard.Server.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Features.Organizations;

/// <summary><c>GET</c> and <c>PATCH /organization/settings</c>.</summary>
public static class OrganizationSettings
{
    public static async Task<Ok<OrganizationSettingsResponse>> Handle(EntryGuardDb db, HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(db);
        await using var read = await db.BeginReadAsync(ct);
        return Show(await db.Organizations.AsNoTracking().SingleAsync(ct), response);
    }

    /// <summary>For what is started and made from now on; a shorter longest session also for what is open.</summary>
    public static async Task<Results<Ok<OrganizationSettingsResponse>, RefusalResult>> HandleUpdate(
        UpdateOrganizationSettingsRequest request, [FromHeader(Name = "If-Match")] string? ifMatch, EntryGuardDb db, Caller caller, IEngine engine, DatabaseClock clock,
        HttpResponse response, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(clock);
        var (name, refusal) = Parse(request);
        if (refusal is not null)
            return new RefusalResult(refusal);
        SessionWrite? write = null;
        Organization organization;
        await using (var work = await db.BeginWriteAsync(WritePriority.Closing, ct))
        {
            await AccessChange.TakeTurnAsync(db, caller, ct);
            organization = await db.Organizations.SingleAsync(ct);
            if (ETags.Outdated(ifMatch, ETag(organization)) is { } outdated)
                return new RefusalResult(outdated);
            var (before, longest) = (Values(organization), organization.MaxSession);
            organization.Name = name ?? organization.Name;
            organization.OpensWhileOverdue = request.OpensWhileClosingOverdue ?? organization.OpensWhileOverdue;
            organization.WidestIPv4 = request.WidestIpv4Prefix ?? organization.WidestIPv4;
            organization.WidestIPv6 = request.WidestIpv6Prefix ?? organization.WidestIPv6;
            organization.MaxSession = request.MaxSessionMinutes is { } minutes ? TimeSpan.FromMinutes(minutes) : organization.MaxSession;
            Apply(request, organization);
            var after = Values(organization);
            var changes = after.Keys.Where(k => !Equals(before[k], after[k])).ToDictionary(k => k, k => new { from = before[k], to = after[k] });
            if (changes.Count > 0)
            {
                db.Audit.Add(AuditRow.About(organization, caller.Actor, "ORGANIZATION_SETTINGS_UPDATE", clock.Now, changes));
                await db.SaveChangesAsync(ct);
                if (organization.MaxSession < longest)
                    write = await AccessChange.OfAsync(db, AccessChange.Running(db), clock.Now, caller.Actor, ct);
                await work.CommitAsync(ct);
            }
        }

        if (write is not null)
            engine.Wake(write.Wake);
        return Show(organization, response);
    }

    private static Ok<OrganizationSettingsResponse> Show(Organization organization, HttpResponse response)
    {
        response.Headers.ETag = ETag(organization);
        return TypedResults.Ok(new OrganizationSettingsResponse
        {
            Id = organization.Id.Value,
            Name = organization.Name,
            Slug = organization.Slug,
            ExternalId = organization.ExternalId,
            OpensWhileClosingOverdue = organization.OpensWhileOverdue,
            WidestIpv4Prefix = organization.WidestIPv4,
            WidestIpv6Prefix = organization.WidestIPv6,
            MaxSessionMinutes = (int)organization.MaxSession.TotalMinutes,
            FrozenAt = organization.FrozenAt,
            PasswordMinLength = organization.PasswordMinLength,
            PasswordRequireUppercase = organization.PasswordNeedsUpper,
            PasswordRequireLowercase = organization.PasswordNeedsLower,
            PasswordRequireDigit = organization.PasswordNeedsDigit,
            PasswordRequireSpecialChar = organization.PasswordNeedsSpecial,
            PasswordExpirationDays = organization.PasswordExpirationDays,
            PasswordHistory = organization.PasswordHistory,
            MfaRequired = organization.MfaRequired,
        });
    }

    private static void Apply(UpdateOrganizationSettingsRequest request, Organization organization)
    {
        organization.PasswordMinLength = request.PasswordMinLength ?? organization.PasswordMinLength;
        organization.PasswordNeedsUpper = request.PasswordRequireUppercase ?? organization.PasswordNeedsUpper;
        organization.PasswordNeedsLower = request.PasswordRequireLowercase ?? organization.PasswordNeedsLower;
        organization.PasswordNeedsDigit = request.PasswordRequireDigit ?? organization.PasswordNeedsDigit;
        organization.PasswordNeedsSpecial = request.PasswordRequireSpecialChar ?? organization.PasswordNeedsSpecial;
        organization.PasswordExpirationDays = request.PasswordExpirationDays switch { null => organization.PasswordExpirationDays, 0 => null, var days => days };
        organization.PasswordHistory = request.PasswordHistory ?? organization.PasswordHistory;
        organization.MfaRequired = request.MfaRequired ?? organization.MfaRequired;
    }

    private static string ETag(Organization organization) => ETags.Of(string.Join('\n', Values(organization).Values));

    private static Dictionary<string, object?> Values(Organization organization) => new()
    {
        ["name"] = organization.Name,
        ["opensWhileClosingOverdue"] = organization.OpensWhileOverdue,
        ["widestIpv4Prefix"] = organization.WidestIPv4,
        ["widestIpv6Prefix"] = organization.WidestIPv6,
        ["maxSessionMinutes"] = (int)organization.MaxSession.TotalMinutes,
        ["passwordMinLength"] = organization.PasswordMinLength,
        ["passwordRequireUppercase"] = organization.PasswordNeedsUpper,
        ["passwordRequireLowercase"] = organization.PasswordNeedsLower,
        ["passwordRequireDigit"] = organization.PasswordNeedsDigit,
        ["passwordRequireSpecialChar"] = organization.PasswordNeedsSpecial,
        ["passwordExpirationDays"] = organization.PasswordExpirationDays,
        ["passwordHistory"] = organization.PasswordHistory,
        ["mfaRequired"] = organization.MfaRequired,
    };

    private static (string? Name, Refusal? Refusal) Parse(UpdateOrganizationSettingsRequest request)
    {
        var errors = new Dictionary<string, string>();
        var name = request.Name is null ? null : RequestFields.Name("name", request.Name, errors);
        Between("passwordMinLength", request.PasswordMinLength, 128, errors, least: Organization.LeastPasswordLength);
        Between("passwordExpirationDays", request.PasswordExpirationDays, 365, errors, least: 0);
        Between("passwordHistory", request.PasswordHistory, 24, errors, least: 0);
        Between("widestIpv4Prefix", request.WidestIpv4Prefix, 32, errors);
        Between("widestIpv6Prefix", request.WidestIpv6Prefix, 128, errors);
        Between("maxSessionMinutes", request.MaxSessionMinutes, OrganizationLimits.LongestSessionMinutes, errors);
        return errors.Count > 0 ? (null, Refusal.Validation(errors)) : (name, null);
    }

    private static void Between(string field, int? given, int most, Dictionary<string, string> errors, int least = 1)
    {
        if (given < least || given > most)
            errors[field] = $"must be a whole number from {least} to {most}";
    }
}
