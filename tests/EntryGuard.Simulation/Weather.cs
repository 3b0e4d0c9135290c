using EntryGuard.Simulation.Kernel;

namespace EntryGuard.Simulation;

/// <summary>What goes wrong in one run, and how often. Each seed switches on a few kinds of trouble: with all at once nothing gets far enough to break.</summary>
internal sealed class Weather
{
    public Weather(Dice dice)
    {
        double Rate(double most, double often = 0.4) => dice.Chance(often) ? most * (0.2 + (0.8 * dice.Next(1000) / 1000.0)) : 0;
        LoseBefore = Rate(0.25);
        LoseAfter = Rate(0.25);
        Late = Rate(0.25, 0.5);
        Throttle = Rate(0.25);
        Half = Rate(0.25);
        Slow = Rate(0.15);
        ListFault = Rate(0.3);
        Incomplete = Rate(0.4);
        Silent = Rate(0.15);
        CredentialFault = Rate(0.1, 0.25);
        Poison = Rate(0.2, 0.3);
        Crash = Rate(1, 0.5);
        LostWake = Rate(0.3, 0.3);
        Double = Rate(0.5, 0.4);
        Stall = Rate(0.004, 0.3);
        Foreign = Rate(1, 0.4);
        Outage = Rate(1, 0.3);
        Revoke = Rate(1, 0.4);
        Rush = Rate(1, 0.3);
    }

    /// <summary>The provider never gets the call.</summary>
    public double LoseBefore { get; private set; }

    /// <summary>It is carried out, the answer is lost.</summary>
    public double LoseAfter { get; private set; }

    /// <summary>It is carried out at some time before its deadline, whoever still waits.</summary>
    public double Late { get; private set; }
    public double Throttle { get; private set; }
    public double Half { get; private set; }
    public double Slow { get; private set; }
    public double ListFault { get; private set; }
    public double Incomplete { get; private set; }

    /// <summary>Says that it is done and does nothing; only where success is no proof.</summary>
    public double Silent { get; private set; }
    public double CredentialFault { get; private set; }
    public double Poison { get; private set; }
    public double Crash { get; private set; }
    public double LostWake { get; private set; }
    public double Double { get; private set; }

    /// <summary>The process stands still for seconds between two awaits.</summary>
    public double Stall { get; private set; }

    /// <summary>Others edit the lists.</summary>
    public double Foreign { get; private set; }
    public double Outage { get; private set; }

    /// <summary>Admins take grants away, switch users and Resources off.</summary>
    public double Revoke { get; private set; }

    /// <summary>Everybody starts a session at the same instant.</summary>
    public double Rush { get; private set; }

    /// <summary>From now on everything behaves.</summary>
    public void Clear()
    {
        LoseBefore = LoseAfter = Late = Throttle = Half = Slow = ListFault = Incomplete = Silent = CredentialFault = Poison = 0;
        Crash = LostWake = Double = Stall = Foreign = Outage = Revoke = Rush = 0;
    }
}
