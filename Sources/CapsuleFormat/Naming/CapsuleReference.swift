/// One immutable build of a capsule, `compute@12`.
public struct CapsuleGeneration: Hashable, Sendable {
    public let name: CapsuleName
    /// Counted from 1 within the name.
    public let number: Int

    /// Nil where `number` is below 1.
    public init?(name: CapsuleName, number: Int) {
        guard number >= 1 else { return nil }
        self.name = name
        self.number = number
    }

    /// Reads `compute@12`; nil for anything else, leading zeros and signs included.
    public init?(_ text: String) {
        guard case .generation(let generation)? = CapsuleReference(text) else { return nil }
        self = generation
    }
}

extension CapsuleGeneration: Comparable, CustomStringConvertible {
    public static func < (left: CapsuleGeneration, right: CapsuleGeneration) -> Bool {
        (left.name, left.number) < (right.name, right.number)
    }

    public var description: String { "\(name)@\(number)" }
}

/// What people write to say which capsule they mean: `compute@12`, `compute:stable`, or `compute`, which is its
/// channel `stable`.
public enum CapsuleReference: Hashable, Sendable {
    case generation(CapsuleGeneration)
    /// The generation that a movable mark of the capsule points at. Channels are named by the rules of capsules.
    case channel(CapsuleName, channel: CapsuleName)

    /// The channel that a bare name means.
    public static let defaultChannel = "stable"

    /// Nil where `text` is none of the three forms.
    public init?(_ text: String) {
        if let at = text.firstIndex(of: "@") {
            guard let name = CapsuleName(String(text[..<at])),
                let number = Self.generationNumber(text[text.index(after: at)...]),
                let generation = CapsuleGeneration(name: name, number: number)
            else { return nil }
            self = .generation(generation)
        } else {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first.flatMap({ CapsuleName(String($0)) }),
                let channel = CapsuleName(parts.count == 2 ? String(parts[1]) : Self.defaultChannel)
            else { return nil }
            self = .channel(name, channel: channel)
        }
    }

    public var name: CapsuleName {
        switch self {
        case .generation(let generation): generation.name
        case .channel(let name, channel: _): name
        }
    }

    /// One spelling per number, so that a path or a URL has one spelling too.
    private static func generationNumber(_ text: Substring) -> Int? {
        guard text.utf8.count <= 9, let first = text.utf8.first, first != 0x30,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return Int(text)
    }
}

extension CapsuleReference: CustomStringConvertible {
    public var description: String {
        switch self {
        case .generation(let generation): generation.description
        case .channel(let name, let channel): "\(name):\(channel)"
        }
    }
}
