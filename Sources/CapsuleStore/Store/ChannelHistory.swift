public import CapsuleFormat

/// Where a channel points and where it pointed before, as its file says.
///
/// One line a move, the newest first: the generation's number, when it was, and what moved it. The first line is all
/// that a boot needs. One file, so that a channel and its history change in one rename.
///
/// ```
/// 2 1795361400 rollback
/// 3 1795361000 build
/// 2 1795360000 build
/// ```
public struct ChannelHistory: Hashable, Sendable {
    /// What moved a channel.
    public enum Cause: String, Hashable, Sendable {
        case build, promote, rollback
        /// The arrival of a `.capsule` file.
        case `import`
    }

    public struct Move: Hashable, Sendable {
        public let generation: CapsuleGeneration
        /// Seconds since 1970; 0 where nobody wrote it down.
        public let time: Int64
        public let cause: Cause
    }

    /// How many moves are kept.
    static let capacity = 64

    /// From the newest to the oldest; never empty.
    public private(set) var moves: [Move]

    init(_ generation: CapsuleGeneration, by cause: Cause, at time: Int64) {
        moves = [Move(generation: generation, time: time, cause: cause)]
    }

    /// Nil where `bytes` are not a channel's file. Unknown causes count as `promote`.
    init?(_ bytes: [UInt8], of name: CapsuleName) {
        guard bytes.last == 0x0A else { return nil }
        moves = []
        for line in String(decoding: bytes.dropLast(), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard let number = words.first, let generation = CapsuleGeneration("\(name)@\(number)") else { return nil }
            moves.append(
                Move(
                    generation: generation, time: words.count > 1 ? Int64(words[1]) ?? 0 : 0,
                    cause: words.count > 2 ? Cause(rawValue: String(words[2])) ?? .promote : .promote))
        }
        if moves.isEmpty { return nil }
    }

    var encoded: [UInt8] {
        Array(moves.map { "\($0.generation.number) \($0.time) \($0.cause.rawValue)\n" }.joined().utf8)
    }

    /// Where it points; nil never comes of a file that was read.
    public var current: CapsuleGeneration? { moves.first?.generation }

    /// The generations that led here, the one before this first: what rollbacks went back over is left out.
    var before: [CapsuleGeneration] {
        var path: [CapsuleGeneration] = []
        for move in moves.reversed() {
            if move.cause == .rollback, let position = path.lastIndex(of: move.generation) {
                path.removeSubrange((position + 1)...)
            } else if path.last != move.generation {
                path.append(move.generation)
            }
        }
        return path.dropLast().reversed()
    }

    mutating func move(to generation: CapsuleGeneration, by cause: Cause, at time: Int64) {
        moves.insert(Move(generation: generation, time: time, cause: cause), at: 0)
        if moves.count > Self.capacity { moves.removeLast(moves.count - Self.capacity) }
    }
}
