namespace EntryGuard.Server.Mail;

/// <summary>Puts together what stores mail; the engine sends it.</summary>
public static class MailSetup
{
    /// <summary>Needs as a service: SecretBox.</summary>
    public static IServiceCollection AddMail(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(_ => MailSettings.Read(configuration))
        .AddSingleton<Links>()
        .AddSingleton<Outbox>();
}
