using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using EntryGuard.Domain;
using EntryGuard.Server.Data;
using EntryGuard.Server.Data.Secrets;
using EntryGuard.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace EntryGuard.Server.Tests.Data;

[UnsupportedOSPlatform("windows")]   // file modes
public class SecretsTests
{
    private const string Canary = "canary-5c1f0a-do-not-store-me";
    private static readonly OrganizationId Organization = new(Tenancy.Next());
    private static readonly CredentialId Credential = new(Tenancy.Next());
    private readonly MasterKey key = NewKey();

    [Theory, EveryDatabase]
    public async Task E31_a_secret_comes_back_after_a_restart(TestDatabase database)
    {
        var secret = await WithBoxAsync(database, key, box => box.Protect(Organization, Credential, Canary));
        (await WithBoxAsync(database, key, box => box.Unprotect(Organization, Credential, secret))).ShouldBe(Canary);
        await using var db = database.Databases.OpenEngine();
        (await db.DataProtectionKeys.CountAsync()).ShouldBe(1, "a restart makes no key");
    }

    [Theory, EveryDatabase]
    public async Task E31_nobody_else_can_read_it(TestDatabase database)
    {
        await WithBoxAsync(database, key, box =>
        {
            var secret = box.Protect(Organization, Credential, Canary);
            Should.Throw<CryptographicException>(() => box.Unprotect(new(Tenancy.Next()), Credential, secret));
            Should.Throw<CryptographicException>(() => box.Unprotect(Organization, new(Tenancy.Next()), secret));
            Should.Throw<CryptographicException>(() => box.Unprotect(Organization, Credential, secret[..^1]));
            box.Protect(Organization, Credential, Canary).ShouldNotBe(secret);
            return 0;
        });
    }

    [Theory, EveryDatabase]
    public async Task E31_nothing_is_stored_in_clear(TestDatabase database)
    {
        var one = await Tenancy.MakeAsync(database.Databases, "one");
        var secret = await WithBoxAsync(database, key, box => box.Protect(one.Id, one.Credential.Id, Canary));
        await using (var db = database.Databases.OpenEngine())
        {
            (await db.Credentials.SingleAsync()).Secret = secret;
            await db.SaveChangesAsync();
            var ring = (await db.DataProtectionKeys.SingleAsync()).Xml;
            ring.ShouldContain("entryGuardSealed");
            ring.ShouldNotContain("<masterKey");   // where Data Protection would put the key in clear
        }

        Encoding.Latin1.GetString(secret).ShouldNotContain(Canary);
        if (database.IsPostgres)
            return;
        foreach (var file in Directory.GetFiles(database.Directory))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            (await reader.ReadToEndAsync()).ShouldNotContain(Canary, Case.Sensitive, file);
        }
    }

    [Theory, EveryDatabase]
    public async Task E31_a_wrong_key_refuses_to_start(TestDatabase database)
    {
        var secret = await WithBoxAsync(database, key, box => box.Protect(Organization, Credential, Canary));
        var refused = await Should.ThrowAsync<RefusedToStartException>(() => WithBoxAsync(database, NewKey(), _ => 0));
        refused.Message.ShouldContain("EntryGuard:MasterKeyFile");
        (await WithBoxAsync(database, key, box => box.Unprotect(Organization, Credential, secret))).ShouldBe(Canary);
    }

    [Theory, EveryDatabase]
    public async Task E31_rewrap_moves_the_ring_to_a_new_key(TestDatabase database)
    {
        var secret = await WithBoxAsync(database, key, box => box.Protect(Organization, Credential, Canary));
        var next = NewKey();
        await Should.ThrowAsync<RefusedToStartException>(() => RewrapAsync(database, next, key));
        await RewrapAsync(database, key, next);
        (await WithBoxAsync(database, next, box => box.Unprotect(Organization, Credential, secret))).ShouldBe(Canary);
        await Should.ThrowAsync<RefusedToStartException>(() => WithBoxAsync(database, key, _ => 0));
    }

    [Theory, EveryDatabase]
    public async Task E31_a_ring_that_somebody_changed_is_not_rewrapped(TestDatabase database)
    {
        await WithBoxAsync(database, key, _ => 0);
        await using var db = database.Databases.OpenEngine();
        var row = await db.DataProtectionKeys.SingleAsync();
        row.Xml = row.Xml.Replace("<value>", "<value>AAAA", StringComparison.Ordinal);
        await db.SaveChangesAsync();
        await Should.ThrowAsync<RefusedToStartException>(() => RewrapAsync(database, key, NewKey()));
        await WithBoxAsync(database, key, _ => 0);   // the check value is still the old one
    }

    [Theory, PostgresOnly]
    public async Task Nodes_that_start_at_once_make_one_key(TestDatabase database)
    {
        var secrets = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => WithBoxAsync(database, key, box => box.Protect(Organization, Credential, Canary))));
        foreach (var secret in secrets)
            (await WithBoxAsync(database, key, box => box.Unprotect(Organization, Credential, secret))).ShouldBe(Canary);
        await using var db = database.Databases.OpenEngine();
        (await db.DataProtectionKeys.CountAsync()).ShouldBe(1);
    }

    [Fact]
    public void E31_the_key_is_read_from_the_file_then_systemd_then_the_environment()
    {
        using var directory = new Scratch();
        var (file, credential, text) = (RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32), RandomNumberGenerator.GetBytes(32));
        var environment = new Dictionary<string, string?> { [MasterKey.Variable] = Convert.ToBase64String(text) };
        Is(Read(null, environment), text);

        File.WriteAllText(Path.Combine(directory.Path, "master-key"), Convert.ToBase64String(credential) + "\n");
        environment["CREDENTIALS_DIRECTORY"] = directory.Path;
        Is(Read(null, environment), credential);   // its mode is systemd's business

        var path = directory.Private("key", file);
        Is(Read(path, environment), file);
        Is(Read(directory.Private("text", Encoding.ASCII.GetBytes(Convert.ToBase64String(file) + "\n")), environment), file);

        static void Is(MasterKey key, byte[] bytes) => key.Check.SequenceEqual(MasterKey.From(bytes).Check).ShouldBeTrue();
    }

    [Fact]
    public void E31_whatever_is_wrong_with_the_key_names_the_setting_and_the_fix()
    {
        using var directory = new Scratch();
        Says(null, [], "EntryGuard:MasterKeyFile", "head -c 32 /dev/urandom | base64");
        Says(null, new() { [MasterKey.Variable] = "short" }, MasterKey.Variable, "32 bytes");
        Says(null, new() { [MasterKey.Variable] = Convert.ToBase64String(new byte[31]) }, "32 bytes");
        Says(Path.Combine(directory.Path, "missing"), [], "EntryGuard:MasterKeyFile", "cannot be read");
        Says(directory.Private("long", new byte[5000]), [], "32 bytes");
        var open = directory.Private("open", new byte[32]);
        File.SetUnixFileMode(open, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Says(open, [], "EntryGuard:MasterKeyFile", $"chmod 600 {open}");

        static void Says(string? path, Dictionary<string, string?> environment, params string[] words)
        {
            var message = Should.Throw<RefusedToStartException>(() => Read(path, environment)).Message;
            words.ShouldAllBe(word => message.Contains(word));
        }
    }

    private static MasterKey Read(string? path, Dictionary<string, string?> environment) => MasterKey.Read(
        new ConfigurationBuilder().AddInMemoryCollection([new(MasterKey.FileSetting, path)]).Build(), name => environment.GetValueOrDefault(name));

    private static MasterKey NewKey() => MasterKey.From(RandomNumberGenerator.GetBytes(32));

    private static async Task RewrapAsync(TestDatabase database, MasterKey old, MasterKey next)
    {
        await using var databases = database.Open();
        await KeyRing.RewrapAsync(databases, old, next, default);
    }

    // One life of a server on the database.
    private static async Task<T> WithBoxAsync<T>(TestDatabase database, MasterKey key, Func<SecretBox, T> act)
    {
        await using var services = new ServiceCollection().AddLogging().AddSingleton(_ => database.Open()).AddSingleton(key).AddSecrets().BuildServiceProvider();
        await KeyRing.PrepareAsync(services, default);
        return act(services.GetRequiredService<SecretBox>());
    }

    private sealed class Scratch : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("entryguard-").FullName;

        public string Private(string name, byte[] bytes)
        {
            var path = System.IO.Path.Combine(Path, name);
            File.WriteAllBytes(path, bytes);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return path;
        }

        public void Dispose() => Directory.Delete(Path, true);
    }
}
