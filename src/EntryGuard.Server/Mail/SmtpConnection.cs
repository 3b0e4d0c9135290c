using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace EntryGuard.Server.Mail;

/// <summary>Why a mail was not taken.</summary>
/// <param name="Error">Short, and without a secret.</param>
/// <param name="IsFinal">No later try would go better.</param>
/// <param name="IsServers">It is about the mail server or how it is set up, so other mail fares no better now.</param>
internal sealed record MailFault(string Error, bool IsFinal, bool IsServers);

/// <summary>A connection to the mail server, made with the first mail and used for those that follow.</summary>
internal sealed class SmtpConnection(MailSettings settings, TimeProvider time) : IAsyncDisposable
{
    /// <summary>For one mail, from the first packet on.</summary>
    public static readonly TimeSpan Most = TimeSpan.FromSeconds(20);

    // When the server stops: a mail that is being handed over may still be taken, and closings are not to wait for it.
    private static readonly TimeSpan MostAtTheEnd = TimeSpan.FromSeconds(2);

    // What an error may say at most; a handshake's fills a page.
    private const int LongestError = 400;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private SmtpClient? client;

    /// <summary>Hands one mail over.</summary>
    /// <param name="ct">Ends it within two seconds; whether the mail was taken is then not known.</param>
    /// <returns>Null: the mail server took it.</returns>
    public async Task<MailFault?> SendAsync(MimeMessage message, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(Most, time);
        await using var stopping = ct.Register(() => limit.CancelAfter(MostAtTheEnd));
        try
        {
            if (client is not { IsConnected: true })
                await ConnectAsync(limit.Token);
            await client!.SendAsync(message, limit.Token);
            return null;
        }
        catch (SmtpCommandException e) when (e.ErrorCode is SmtpErrorCode.RecipientNotAccepted or SmtpErrorCode.MessageNotAccepted)
        {
            return new MailFault(Words(e), (int)e.StatusCode >= 500, false);
        }
        catch (OperationCanceledException)
        {
            Drop();
            return new MailFault($"The mail server did not answer within {Most.TotalSeconds:0} s.", false, true);
        }
        catch (Exception e)
        {
            // Also a refused sender or sign-in, whatever its code: the operator repairs it, and no mail is to be lost by then.
            Drop();
            return new MailFault(Words(e), false, true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(MostAtTheEnd, time);
            if (client is { IsConnected: true })
                await client.DisconnectAsync(true, limit.Token);
        }
        catch (Exception)
        {
            // It has all our mail; how it says goodbye does not matter.
        }

        Drop();
    }

    private async Task ConnectAsync(CancellationToken ct)
    {
        Drop();
        client = new SmtpClient
        {
            Timeout = (int)Most.TotalMilliseconds,
            CheckCertificateRevocation = false,   // as every client of .NET: a list that cannot be fetched would stop all mail
            LocalDomain = new Uri(settings.PublicUrl!).Host,
        };
        if (settings.CaFile is { Length: > 0 } file)
        {
            var cas = MailSettings.ReadCas(file);
            client.ServerCertificateValidationCallback = (_, certificate, chain, errors) => IsSignedBy(cas, certificate, chain, errors);
        }

        await client.ConnectAsync(settings.Host!, settings.Port, settings.Security switch
        {
            MailSecurity.StartTls => SecureSocketOptions.StartTls,
            MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
            MailSecurity.None => SecureSocketOptions.None,
        }, ct);
        if (settings.Username is { Length: > 0 } user)
            await client.AuthenticateAsync(user, await settings.ReadPasswordAsync(ct), ct);
    }

    private void Drop()
    {
        client?.Dispose();
        client = null;
    }

    // Only who signed it is decided here; a name that does not match, or no certificate, stays an error.
    private static bool IsSignedBy(X509Certificate2Collection cas, X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if ((errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None || certificate is null)
            return false;
        using var server = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(cas);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ServerAuthentication));
        chain.ChainPolicy.ExtraStore.AddRange(sent?.ChainElements.Select(e => e.Certificate).ToArray() ?? []);
        return chain.Build(server);
    }

    private static string Words(Exception e)
    {
        var text = LetterText.OneLine(e is SmtpCommandException { StatusCode: var code } ? $"{(int)code} {e.Message}" : e.Message);
        return text.Length > LongestError ? $"{text[..LongestError]}…" : text;
    }
}
