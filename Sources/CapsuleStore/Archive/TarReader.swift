/// Reads a tar archive that arrives in pieces: ustar, pax, and GNU's long names. Pure over bytes: it gives what the
/// archive says, checked as far as bytes alone tell, and holds no contents.
///
/// Refused are sparse files and volumes of a set, names that lead outside, and sizes that cannot be.
struct TarReader {
    enum Event: Hashable {
        case member(TarMember)
        /// The next bytes of the contents of the last member: a part of the piece.
        case contents(ArraySlice<UInt8>)
    }

    private enum State {
        /// Collecting a header block.
        case header
        case contents(left: Int64)
        /// Bytes of the last block behind an entry's contents.
        case padding(left: Int)
        /// Collecting an entry that speaks of the next one.
        case metadata(type: UInt8, left: Int)
        case ended
    }

    private var state = State.header
    /// Bytes of the block or of the metadata so far.
    private var gathered: [UInt8] = []
    /// Bytes before the piece.
    private var offset: Int64 = 0
    private var headerOffset: Int64 = 0
    private var isFirst = true
    private var sawZeroBlock = false
    private var current: String?
    private var defaults = PaxRecords()
    private var next = NextMember()

    /// What entries before a member said of it.
    struct NextMember: Hashable {
        var pax: PaxRecords?
        var longName: [UInt8]?
        var longLink: [UInt8]?
    }

    /// Longest extended header or long name, in bytes: the largest attribute is 64 KiB (xattr(7)).
    static let maximumMetadata = 1 << 20

    /// Takes the next bytes.
    /// - Throws: `TarError`; the reader is of no use afterwards.
    mutating func receive(_ piece: [UInt8]) throws(TarError) -> [Event] {
        var events: [Event] = []
        var rest = piece[...]
        while !rest.isEmpty {
            switch state {
            case .ended:
                rest = []
            case .contents(let left):
                let part = rest.prefix(Int(min(left, Int64(rest.count))))
                rest = rest.dropFirst(part.count)
                events.append(.contents(part))
                leave(left - Int64(part.count))
            case .padding(let left):
                let count = min(left, rest.count)
                rest = rest.dropFirst(count)
                state = left == count ? .header : .padding(left: left - count)
            case .metadata(let type, let left):
                let part = rest.prefix(left)
                rest = rest.dropFirst(part.count)
                gathered += part
                state = .metadata(type: type, left: left - part.count)
                if left == part.count { try takeMetadata(type) }
            case .header:
                if gathered.isEmpty { headerOffset = offset + Int64(rest.startIndex) }
                let part = rest.prefix(TarHeader.length - gathered.count)
                rest = rest.dropFirst(part.count)
                gathered += part
                if gathered.count == TarHeader.length, let member = try takeHeader() { events.append(.member(member)) }
            }
        }
        offset += Int64(piece.count)
        return events
    }

    /// Says that no more bytes come.
    /// - Throws: `.truncated`, `.notTar` of nothing.
    func finish() throws(TarError) {
        if case .ended = state { return }
        // One block of zeros is no end mark, but GNU tar writes no other at times.
        if case .header = state, sawZeroBlock, gathered.isEmpty { return }
        guard !isFirst else { throw .notTar }
        if case .header = state { throw .truncated(offset: offset, member: nil) }
        throw .truncated(offset: offset, member: current)
    }

    private mutating func leave(_ left: Int64) {
        guard left == 0 else {
            state = .contents(left: left)
            return
        }
        state = padding > 0 ? .padding(left: padding) : .header
    }

    /// Bytes from the end of the current entry's contents to the end of their block.
    private var padding = 0

    private mutating func begin(_ size: Int64) {
        padding = Int((512 - size % 512) % 512)
    }

    private mutating func takeHeader() throws(TarError) -> TarMember? {
        let block = gathered
        gathered = []
        if block.allSatisfy({ $0 == 0 }) {
            guard !isFirst else { throw .notTar }
            state = sawZeroBlock ? .ended : .header
            sawZeroBlock = true
            return nil
        }
        let header: TarHeader
        do {
            header = try TarHeader(block, offset: headerOffset)
        } catch {
            throw isFirst ? .notTar : error
        }
        isFirst = false
        sawZeroBlock = false
        if "xgXLK".utf8.contains(header.type) {
            try beginMetadata(header)
            return nil
        }
        let member = try TarMember(header, next, defaults: defaults, offset: headerOffset)
        next = NextMember()
        current = member.path.text
        begin(member.size)
        leave(member.size)
        return member
    }

    private mutating func beginMetadata(_ header: TarHeader) throws(TarError) {
        guard header.size <= Self.maximumMetadata, let size = Int(exactly: header.size) else {
            throw .badHeader(offset: headerOffset, reason: "an extended header of \(header.size) bytes")
        }
        current = "an extended header"
        begin(header.size)
        state = .metadata(type: header.type, left: size)
        if size == 0 { try takeMetadata(header.type) }
    }

    private mutating func takeMetadata(_ type: UInt8) throws(TarError) {
        let bytes = gathered
        gathered = []
        leave(0)
        do {
            switch type {
            case UInt8(ascii: "L"): next.longName = Array(bytes.prefix { $0 != 0 })
            case UInt8(ascii: "K"): next.longLink = Array(bytes.prefix { $0 != 0 })
            case UInt8(ascii: "g"): try defaults.add(bytes)
            default:
                var records = next.pax ?? PaxRecords()
                try records.add(bytes)
                next.pax = records
            }
        } catch {
            throw .badHeader(offset: headerOffset, reason: error.words)
        }
    }
}
