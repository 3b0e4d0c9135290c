using System.Data.Common;
using EntryGuard.Domain;
using EntryGuard.Domain.Providers;
using EntryGuard.Simulation.Clouds;
using EntryGuard.Simulation.Kernel;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace EntryGuard.Simulation;

/// <summary>One defect, planted from outside: production code stays as it is.</summary>
internal abstract class Sabotage
{
    public virtual bool IsClockOff => false;

    public virtual bool IsSweepOff => false;

    public virtual IResourceProvider Wrap(IResourceProvider provider) => provider;

    public virtual AllowListKey? Key(Cloud cloud, int resource) => null;

    public virtual void Command(DbCommand command)
    {
    }

    public virtual void Saving(ChangeTracker tracker, Loop loop)
    {
    }
}
