extension NodePattern {
    /// Whether the pattern stands for `name`.
    public func matches(_ name: some StringProtocol) -> Bool {
        let bytes = Array(name.utf8)
        // Each piece moves a set of places in the name on, so no pattern makes more than pieces × length steps.
        var places: Set<Int> = [0]
        for piece in pieces {
            var next: Set<Int> = []
            for place in places { next.formUnion(Self.ends(of: piece, in: bytes, from: place)) }
            guard !next.isEmpty else { return false }
            places = next
        }
        return places.contains(bytes.count)
    }

    /// Where `piece` may end that begins at `start`.
    private static func ends(of piece: Piece, in name: [UInt8], from start: Int) -> [Int] {
        switch piece {
        case .text(let text):
            name[start...].starts(with: text.utf8) ? [start + text.utf8.count] : []
        case .anything:
            Array(start...name.count)
        case .anyCharacter:
            start < name.count ? [start + 1] : []
        case .numbers(let ranges):
            ends(of: ranges, in: name, from: start)
        }
    }

    private static func ends(of ranges: [NumberRange], in name: [UInt8], from start: Int) -> [Int] {
        let digits = name[start...].prefix { (0x30...0x39).contains($0) }.prefix(NumberRange.longest)
        guard !digits.isEmpty else { return [] }
        return (1...digits.count).compactMap { length in
            let text = Substring(decoding: digits.prefix(length), as: UTF8.self)
            return ranges.contains { $0.contains(text.utf8) } ? start + length : nil
        }
    }
}
