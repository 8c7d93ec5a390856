import BootProtocols
import Glibc
import NIOCore
import PacketIO

/// What of one request holds for the next of its connection. Agents ask for one range of a bundle after another, by heads
/// that differ in the numbers of the range alone: who asks, by which token, for which file and at what pace need not be
/// found out again, and the answers' heads differ in three numbers and the time.
///
/// It is good for some seconds. For as long at most, and on its connection alone, a token goes on that is spent meanwhile,
/// and a pace that was changed; an answer that is under way goes on as long as it takes.
final class RangeSequel {
    /// Milliseconds of the monotonic clock.
    let end: Int64
    private let request: [UInt8]
    /// Of the two numbers in `request`.
    private let place: Range<Int>
    private let answer: BootAnswer
    private let file: ReadOnlyFile
    /// The answer's head before, between and behind what differs.
    private let opening: ArraySlice<UInt8>
    private let dated: ArraySlice<UInt8>
    private let middle: ArraySlice<UInt8>
    private let closing: ArraySlice<UInt8>

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
        guard answer.status == 206, head.keepsAlive, head.contentLength == 0, case .bundle = answer.account,
            case .file(let file, let part) = answer.body, let length = made.lengthPlace, let both = made.partPlace,
            let value = head.rangePlace, value.upperBound <= bytes.readableBytes
        else { return nil }
        let request = Array(bytes.readableBytesView)
        guard request[value].starts(with: Self.unit) else { return nil }
        let place = value.dropFirst(Self.unit.count)
        guard request[place].withUnsafeBytes({ Self.part($0, of: file.size) }) == part else { return nil }
        end = now + Self.lifetime
        self.request = request
        self.place = place
        self.answer = answer
        self.file = file
        opening = made.bytes[..<made.datePlace.lowerBound]
        dated = made.bytes[made.datePlace.upperBound..<length.lowerBound]
        middle = made.bytes[length.upperBound..<both.lowerBound]
        closing = made.bytes[both.upperBound...]
    }

    /// The part that a client asks for who sent `bytes` and nothing else: nil unless they are the same request but for
    /// the numbers, and these are of a part of the file.
    func part(askedBy bytes: ByteBuffer) -> Range<Int>? {
        let tail = request.count - place.upperBound
        let numbers = bytes.readableBytes - place.lowerBound - tail
        guard (3...37).contains(numbers) else { return nil }
        return bytes.withUnsafeReadableBytes { bytes -> Range<Int>? in
            request.withUnsafeBytes { request -> Range<Int>? in
                guard let own = request.baseAddress, let asked = bytes.baseAddress,
                    memcmp(own, asked, place.lowerBound) == 0,
                    memcmp(own + place.upperBound, asked + (place.lowerBound + numbers), tail) == 0
                else { return nil }
                return Self.part(
                    UnsafeRawBufferPointer(rebasing: bytes[place.lowerBound..<(place.lowerBound + numbers)]),
                    of: file.size)
            }
        }
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
        answer.body = .file(file, part)
        return answer
    }

    /// - Parameter date: as `HTTPDate` has it.
    func head(of part: Range<Int>, date: String) -> [UInt8] {
        var head: [UInt8] = []
        head.reserveCapacity(512)
        head += opening
        head += date.utf8
        head += dated
        head.append(decimal: part.count)
        head += middle
        head.append(part)
        head += closing
        return head
    }
}
