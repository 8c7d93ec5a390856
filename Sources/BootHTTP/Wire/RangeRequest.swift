import BootProtocols
import Glibc

/// What requests of one client for ranges of bundles have in common: all of their bytes but the bundle's id and the two
/// numbers. To compare takes the place of reading: what is taken here is, read whole, the same request for another part,
/// of this bundle or of another one.
struct RangeRequest: Sendable {
    /// Bytes; of a longer request nothing is kept. Those of agents have some 250.
    static let limit = 1024
    /// Bytes of `FIRST-LAST`.
    private static let numbersLength = 3...37
    private static let unit = Array("bytes=".utf8)
    private static let opening = Array("GET \(BootRoute.bundlePrefix)".utf8)

    private let bytes: [UInt8]
    private let idPlace: Range<Int>
    private let numbersPlace: Range<Int>
    /// Whether it hangs on the bundle's tag, too (RFC 9110, 13.1): the answer for another bundle does not follow from it.
    let isConditional: Bool

    /// Nil where the request is not for one range of a bundle, or its connection ends with it.
    /// - Parameters:
    ///   - bytes: the request and nothing else.
    ///   - head: as it was read out of them.
    init?(_ bytes: [UInt8], _ head: RequestHead) {
        guard bytes.count <= Self.limit, head.keepsAlive, head.contentLength == 0,
            let id = BootRoute.bundle(in: head.target), let value = head.rangePlace, value.upperBound <= bytes.count
        else { return nil }
        let idPlace = Self.opening.count..<Self.opening.count + id.utf8.count
        guard idPlace.upperBound < value.lowerBound, bytes.starts(with: Self.opening),
            bytes[idPlace].elementsEqual(id.utf8), bytes[value].starts(with: Self.unit)
        else { return nil }
        self.bytes = bytes
        self.idPlace = idPlace
        numbersPlace = value.dropFirst(Self.unit.count)
        isConditional = head.ifRange != nil || head.ifNoneMatch != nil
        guard Self.numbersLength.contains(numbersPlace.count) else { return nil }
    }

    /// The bundle's id, as the request has it.
    var id: ArraySlice<UInt8> { bytes[idPlace] }

    /// The part that is asked for by the same client who sent `asked` and nothing else: nil unless that is the same
    /// request but for the numbers, for the bundle `id`, and they are of a part of it.
    /// - Parameter size: of the bundle, in bytes.
    func part(askedBy asked: UnsafeRawBufferPointer, of id: [UInt8], size: Int) -> Range<Int>? {
        guard let numbers = numbers(in: asked), let start = asked.baseAddress, id.count == idPlace.count,
            memcmp(id, start + idPlace.lowerBound, id.count) == 0
        else { return nil }
        return Self.part(UnsafeRawBufferPointer(rebasing: asked[numbers]), of: size)
    }

    /// The id of the bundle that is asked for by `asked`: nil unless that is the same request but for id and numbers.
    func id(askedBy asked: UnsafeRawBufferPointer) -> [UInt8]? {
        numbers(in: asked).map { _ in Array(UnsafeRawBufferPointer(rebasing: asked[idPlace])) }
    }

    /// Where the numbers stand in what is the same request but for them and the id.
    private func numbers(in asked: UnsafeRawBufferPointer) -> Range<Int>? {
        let tail = bytes.count - numbersPlace.upperBound
        let count = asked.count - numbersPlace.lowerBound - tail
        guard Self.numbersLength.contains(count), let start = asked.baseAddress else { return nil }
        let isSame = bytes.withUnsafeBytes { bytes in
            guard let own = bytes.baseAddress else { return false }
            let between = idPlace.upperBound..<numbersPlace.lowerBound
            return memcmp(own, start, idPlace.lowerBound) == 0
                && memcmp(own + between.lowerBound, start + between.lowerBound, between.count) == 0
                && memcmp(own + numbersPlace.upperBound, start + (numbersPlace.lowerBound + count), tail) == 0
        }
        return isSame ? numbersPlace.lowerBound..<(numbersPlace.lowerBound + count) : nil
    }

    /// `FIRST-LAST`, as `ByteRange` takes it where the whole range is told and some of it is there.
    private static func part(_ text: UnsafeRawBufferPointer, of size: Int) -> Range<Int>? {
        guard let hyphen = text.firstIndex(of: UInt8(ascii: "-")),
            let first = decimalValue(UnsafeRawBufferPointer(rebasing: text[..<hyphen])),
            let last = decimalValue(UnsafeRawBufferPointer(rebasing: text[(hyphen + 1)...])), first <= last,
            first < size
        else { return nil }
        return first..<min(last, size - 1) + 1
    }
}
