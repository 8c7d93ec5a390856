/// `POST /api/v1/channels` and `…/channels/rollback`: where a channel of a capsule is to point.
public struct ChannelRequest: Codable, Hashable, Sendable {
    /// `compute@7` or `compute:testing` for a promotion; `compute` to go back.
    public var capsule: String
    /// Nil: `stable`.
    public var channel: String?
    /// Only if the generation passed its test; nil: as the server's settings say.
    public var tested: Bool?

    public init(capsule: String, channel: String? = nil, tested: Bool? = nil) {
        self.capsule = capsule
        self.channel = channel
        self.tested = tested
    }
}

/// What became of a channel.
public struct ChannelResource: Codable, Hashable, Sendable {
    public var channel: String
    /// The generation that it pointed at; nil: it is new.
    public var from: String?
    public var to: String

    public init(channel: String, from: String?, to: String) {
        self.channel = channel
        self.from = from
        self.to = to
    }
}

/// The channels of the capsules of this server.
public struct ChannelDesk: Sendable {
    let promote: @Sendable (ChannelRequest) throws -> ChannelResource
    let rollBack: @Sendable (ChannelRequest) throws -> ChannelResource

    public init(
        promote: @escaping @Sendable (ChannelRequest) throws -> ChannelResource,
        rollBack: @escaping @Sendable (ChannelRequest) throws -> ChannelResource
    ) {
        self.promote = promote
        self.rollBack = rollBack
    }
}

extension RegistryService {
    /// Points a channel at a generation: nodes that boot from now on get it.
    public func promote(_ request: ChannelRequest) throws(AdminProblem) -> ChannelResource {
        try move(request) { desk in try desk.promote(request) }
    }

    /// Points a channel back at the generation that it had before.
    public func rollBack(_ request: ChannelRequest) throws(AdminProblem) -> ChannelResource {
        try move(request) { desk in try desk.rollBack(request) }
    }

    private func move(
        _ request: ChannelRequest, _ body: (ChannelDesk) throws -> ChannelResource
    ) throws(AdminProblem) -> ChannelResource {
        guard let channels else { throw .failed("no channels are moved here") }
        do {
            return try body(channels)
        } catch {
            throw .badRequest("\(error)")
        }
    }
}
