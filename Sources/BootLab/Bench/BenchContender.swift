/// A boot server in the race: how to serve the lab's network with it.
public struct BenchContender: Sendable {
    /// As it stands in the table: `perseid`.
    public var name: String
    /// Serves the network of the lab while the body runs, from a fresh start; its logs go to the directory.
    public var serving:
        @Sendable (LabNetwork, LabDirectory, @escaping @Sendable () async throws -> Void) async throws -> Void

    public init(
        name: String,
        serving:
            @escaping @Sendable (LabNetwork, LabDirectory, @escaping @Sendable () async throws -> Void) async throws ->
            Void
    ) {
        self.name = name
        self.serving = serving
    }
}
