using System.Globalization;
using System.Xml.Linq;

namespace EntryGuard.Testing.FakeEc2;

/// <summary>What STS does when it is asked. Each method is one page of the STS API reference: API_&lt;its name&gt;.</summary>
internal sealed class StsActions(Ec2Server server)
{
    private const int UsualDuration = 3600;

    public static bool Has(string action) => action is "GetCallerIdentity" or "AssumeRole";

    public string Answer(Ec2Request request, Ec2Key caller) => request.Action == "AssumeRole" ? AssumeRole(request, caller) : GetCallerIdentity(caller);

    private static string GetCallerIdentity(Ec2Key caller) => Ec2Xml.StsAnswer(
        "GetCallerIdentity", new XElement("Arn", caller.Arn), new XElement("UserId", $"AIDA{caller.Id}"), new XElement("Account", caller.Account));

    // A role that is not there, and a trust policy that does not hold, are told alike.
    private string AssumeRole(Ec2Request request, Ec2Key caller)
    {
        if (server.Keys.FindRole(request["RoleArn"] ?? "") is not { } role || request["ExternalId"] != role.ExternalId)
            throw new Ec2Exception("AccessDenied", 403, $"User: {caller.Arn} is not authorized to perform: sts:AssumeRole on resource: {request["RoleArn"]}");
        var seconds = int.Parse(request["DurationSeconds"] ?? $"{UsualDuration}", CultureInfo.InvariantCulture);
        var key = server.Keys.Issue(role, request["RoleSessionName"] ?? "", server.Time.GetUtcNow().AddSeconds(seconds));
        return Ec2Xml.StsAnswer(
            "AssumeRole",
            new XElement(
                "Credentials",
                new XElement("AccessKeyId", key.Id), new XElement("SecretAccessKey", key.Secret), new XElement("SessionToken", key.Token),
                new XElement("Expiration", key.Until!.Value.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture))),
            new XElement("AssumedRoleUser", new XElement("AssumedRoleId", $"AROA{key.Id}:{request["RoleSessionName"]}"), new XElement("Arn", key.Arn)));
    }
}
