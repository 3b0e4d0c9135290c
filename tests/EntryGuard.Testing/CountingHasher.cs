using EntryGuard.Server.Data;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace EntryGuard.Testing;

/// <summary>Identity's hasher, fast enough for tests, that counts what it is asked.</summary>
internal sealed class CountingHasher : IPasswordHasher<User>
{
    public const int Iterations = 100;

    private readonly PasswordHasher<User> real = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
    private int checks;

    public int Checks => checks;

    public string HashPassword(User user, string password) => real.HashPassword(user, password);

    public PasswordVerificationResult VerifyHashedPassword(User user, string hashedPassword, string providedPassword)
    {
        Interlocked.Increment(ref checks);
        return real.VerifyHashedPassword(user, hashedPassword, providedPassword);
    }
}
