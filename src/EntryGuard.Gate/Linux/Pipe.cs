namespace EntryGuard.Gate.Linux;

/// <summary>Both ends of a pipe; the default value is none.</summary>
internal readonly record struct Pipe(int Read, int Write, bool IsLarge);
