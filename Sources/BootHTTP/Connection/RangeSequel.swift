import BootProtocols
import Glibc
import NIOCore
import PacketIO

/// What of one request holds for the next of its connection. Agents ask for one range of a bundle after another, by heads
/// that differ in the numbers of the range, and in the bundle's id now and then: who asks, by which token and at what pace
/// need not be found out again, and of the bundle `BundleForm` knows the rest.
///
/// It is good for some seconds. For as long at most, and on its connection alone, a token goes on that is spent meanwhile,
/// and a pace that was changed; an answer that is under way goes on as long as it takes.
final class RangeSequel {
    /// Milliseconds of the monotonic clock.
    let end: Int64
    let bundle: BundleForm
    private let request: [UInt8]
    /// Where the bundle's id stands in `request`, and the two numbers.
    private let idPlace: Range<Int>
    private let place: Range<Int>
    /// What was asked for hangs on the bundle's tag, too (RFC 9110, 13.1): no other bundle's answer follows from it.
    private let isConditional: Bool
    private let answer: BootAnswer
    private let attempt: Int64

    private static let opening = Array("GET \(BootRoute.bundlePrefix)".utf8)
    private static let unit = Array("bytes=".utf8)
    /// Milliseconds.
    static let lifetime: Int64 = 5000

    /// Nil where the request was not one range of a bundle, first and last byte told, and all of `bytes`.
    /// - Parameters:
    ///   - head: as it was read out of `bytes`.
    ///   - made: the head of `answer`.
    init?(
        of bytes: ByteBuffer, _ head: RequestHead, answered answer: BootAnswer, _ made: AnswerHead, at now: Int64
    ) {
        guard answer.status == 206, head.keepsAlive, head.contentLength == 0,
            case .bundle(let name, let attempt) = answer.account, case .file(let file, let part) = answer.body,
            let bundle = BundleForm(of: name, file, made, until: now + Self.lifetime),
            let value = head.rangePlace, value.upperBound <= bytes.readableBytes
        else { return nil }
        let request = Array(bytes.readableBytesView)
        let idPlace = Self.opening.count..<Self.opening.count + bundle.id.count
        guard idPlace.upperBound < value.lowerBound, request.starts(with: Self.opening),
            request[idPlace].elementsEqual(bundle.id), request[value].starts(with: Self.unit)
        else { return nil }
        let place = value.dropFirst(Self.unit.count)
        guard request[place].withUnsafeBytes({ Self.part($0, of: file.size) }) == part else { return nil }
        end = bundle.end
        self.bundle = bundle
        self.request = request
        self.idPlace = idPlace
        self.place = place
        isConditional = head.ifRange != nil || head.ifNoneMatch != nil
        self.answer = answer
        self.attempt = attempt
    }

    private init(_ other: RangeSequel, of bundle: BundleForm) {
        end = min(other.end, bundle.end)
        self.bundle = bundle
        request = other.request
        idPlace = other.idPlace
        place = other.place
        isConditional = other.isConditional
        attempt = other.attempt
        var answer = other.answer
        answer.account = .bundle(bundle.name, attempt: attempt)
        self.answer = answer
    }

    /// The part that a client asks for who sent `bytes` and nothing else: nil unless they are the same request but for
    /// the numbers, and these are of a part of the file.
    func part(askedBy bytes: ByteBuffer) -> Range<Int>? {
        bytes.withUnsafeReadableBytes { bytes -> Range<Int>? in
            guard let numbers = numbers(in: bytes), let asked = bytes.baseAddress,
                memcmp(bundle.id, asked + idPlace.lowerBound, idPlace.count) == 0
            else { return nil }
            return Self.part(UnsafeRawBufferPointer(rebasing: bytes[numbers]), of: bundle.file.size)
        }
    }

    /// What the same client, by the same token, may have of another one of `bundles`, and the part that it asks for: nil
    /// unless `bytes` are the same request but for id and numbers.
    func successor(
        askedBy bytes: ByteBuffer, among bundles: [[UInt8]: BundleForm]
    ) -> (sequel: RangeSequel, part: Range<Int>)? {
        guard !isConditional else { return nil }
        let id = bytes.withUnsafeReadableBytes { bytes in
            numbers(in: bytes) == nil ? nil : Array(UnsafeRawBufferPointer(rebasing: bytes[idPlace]))
        }
        guard let bundle = id.flatMap({ bundles[$0] }) else { return nil }
        let sequel = RangeSequel(self, of: bundle)
        return sequel.part(askedBy: bytes).map { (sequel, $0) }
    }

    /// Where the numbers stand in what is the same request but for them and the bundle's id.
    private func numbers(in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        let tail = request.count - place.upperBound
        let count = bytes.count - place.lowerBound - tail
        guard (3...37).contains(count), let asked = bytes.baseAddress else { return nil }
        let isSame = request.withUnsafeBytes { request in
            guard let own = request.baseAddress else { return false }
            return memcmp(own, asked, idPlace.lowerBound) == 0
                && memcmp(
                    own + idPlace.upperBound, asked + idPlace.upperBound, place.lowerBound - idPlace.upperBound) == 0
                && memcmp(own + place.upperBound, asked + (place.lowerBound + count), tail) == 0
        }
        return isSame ? place.lowerBound..<(place.lowerBound + count) : nil
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

    func answer(of part: Range<Int>) -> BootAnswer {
        var answer = answer
        answer.body = .file(bundle.file, part)
        return answer
    }
}
