using EntryGuard.Domain.Net;

namespace EntryGuard.Gate;

/// <summary>One line of an <see cref="AllowTable"/>: these addresses may pass, up to an instant.</summary>
/// <param name="Address">The address or range let in; never <see cref="Cidr.None"/>.</param>
/// <param name="Until">The first instant at which the entry no longer counts; <see cref="DateTimeOffset.MaxValue"/> means no end.</param>
/// <param name="Mark">Whose entry it is, as the caller of <see cref="AllowTable.Put"/> wrote it; the gate does not read it.</param>
public sealed record AllowEntry(Cidr Address, DateTimeOffset Until, string Mark);
