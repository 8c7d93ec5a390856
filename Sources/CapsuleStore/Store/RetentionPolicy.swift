/// How long the generations of a capsule stay that nobody uses. A generation goes when every rule that is set lets it go.
public struct RetentionPolicy: Hashable, Sendable, Codable {
    /// The newest so many stay.
    public var keep: Int?
    /// Those that are younger than so many days stay.
    public var days: Int?

    public init(keep: Int?, days: Int?) {
        self.keep = keep
        self.days = days
    }
}
