using Microsoft.EntityFrameworkCore;

namespace EntryGuard.Server.Data;

/// <summary>What is read of Resources in more than one place.</summary>
public static class ResourceQueries
{
    /// <summary>With what a provider is told beside the Resource itself: its credential, and the organization's external id.</summary>
    public static IQueryable<Resource> WithCredential(this IQueryable<Resource> resources) =>
        resources.Include(r => r.Credential).Include(r => r.Organization);
}
