public import CapsuleFormat
internal import Glibc

/// A channel that was moved.
public struct ChannelMove: Hashable, Sendable {
    public let channel: CapsuleName
    /// Nil where the channel is new.
    public let from: CapsuleGeneration?
    public let to: CapsuleGeneration
}

extension CapsuleStore {
    /// Points a channel at a generation, for nodes that ask from now on. An older generation than the one before is
    /// an admin's word, too: a channel may go either way.
    /// - Throws: `.noSuchGeneration`, `.noSuchCapsule`, `.expired`, `.system`.
    @discardableResult
    public func setChannel(
        _ channel: CapsuleName, to generation: CapsuleGeneration
    ) throws(StoreError) -> ChannelMove {
        try whilePublishing { () throws(StoreError) in
            let manifest = try manifest(of: generation)
            let now = Int64(time(nil))
            if let expires = manifest.expires, expires <= now { throw .expired(generation, at: expires) }
            return try point(channel, at: generation, by: .promote)
        }
    }

    /// Points a channel back at the generation that it pointed at before, and once more at the one before that.
    /// Generations that were deleted since are passed over.
    /// - Throws: `.noSuchChannel`, `.nothingBefore`, `.system`, `.damaged`.
    @discardableResult
    public func rollBack(_ channel: CapsuleName, of name: CapsuleName) throws(StoreError) -> ChannelMove {
        try whilePublishing { () throws(StoreError) in
            let known = Set(try generations(of: name))
            guard !known.isEmpty else { throw .noSuchCapsule(name, known: try list().map(\.name)) }
            guard let history = try history(of: channel, of: name), let current = history.current else {
                throw .noSuchChannel(name, channel: channel, known: try channels(of: name).keys.sorted())
            }
            guard let previous = history.before.first(where: { known.contains($0) && $0 != current }) else {
                throw .nothingBefore(name, channel: channel, current: current)
            }
            return try point(channel, at: previous, by: .rollback)
        }
    }

    /// Takes a channel away. No generation goes with it.
    /// - Throws: `.noSuchChannel`, `.channelInUse` where a node or the server boots from it, `.system`.
    public func removeChannel(
        _ channel: CapsuleName, of name: CapsuleName, users: GenerationUsers = GenerationUsers()
    ) throws(StoreError) {
        try whilePublishing { () throws(StoreError) in
            guard DurableFiles.status(layout.channel(channel, of: name)) != nil else {
                throw .noSuchChannel(name, channel: channel, known: try channels(of: name).keys.sorted())
            }
            let reference = CapsuleReference.channel(name, channel: channel)
            let reasons = users.of(reference) + (try served() == reference ? [Self.serverSetting] : [])
            guard reasons.isEmpty else { throw .channelInUse(name, channel: channel, by: reasons) }
            try DurableFiles.remove(layout.channel(channel, of: name))
            try DurableFiles.sync(directory: layout.channels(name))
        }
    }

    /// The moves of a channel; nil where there is no such channel.
    /// - Throws: `.damaged`, `.system`.
    public func history(of channel: CapsuleName, of name: CapsuleName) throws(StoreError) -> ChannelHistory? {
        let path = layout.channel(channel, of: name)
        guard DurableFiles.status(path) != nil else { return nil }
        guard let history = ChannelHistory(try DurableFiles.read(path, limit: 1 << 16), of: name) else {
            throw .damaged(path: path, reason: "it holds no generation's number")
        }
        return history
    }

    /// Where the channels of a capsule point.
    /// - Throws: `StoreError`.
    public func channels(of name: CapsuleName) throws(StoreError) -> [CapsuleName: CapsuleGeneration] {
        try histories(of: name).compactMapValues(\.current)
    }

    /// The moves of all channels of a capsule.
    /// - Throws: `StoreError`.
    public func histories(of name: CapsuleName) throws(StoreError) -> [CapsuleName: ChannelHistory] {
        var histories: [CapsuleName: ChannelHistory] = [:]
        for channel in try DurableFiles.names(in: layout.channels(name)).compactMap({ CapsuleName($0) }) {
            if let history = try history(of: channel, of: name) { histories[channel] = history }
        }
        return histories
    }

    /// Moves a channel to a generation that is there. The caller holds the lock of `whilePublishing`.
    @discardableResult
    func point(
        _ channel: CapsuleName, at generation: CapsuleGeneration, by cause: ChannelHistory.Cause
    ) throws(StoreError) -> ChannelMove {
        let now = Int64(time(nil))
        var history = try history(of: channel, of: generation.name)
        let move = ChannelMove(channel: channel, from: history?.current, to: generation)
        if move.from == generation { return move }
        history?.move(to: generation, by: cause, at: now)
        let lines = history ?? ChannelHistory(generation, by: cause, at: now)
        try DurableFiles.makeDirectory(layout.channels(generation.name))
        try DurableFiles.replace(
            layout.channel(channel, of: generation.name), with: lines.encoded, permissions: 0o644)
        return move
    }
}
