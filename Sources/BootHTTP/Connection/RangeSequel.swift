import NIOCore
import PacketIO

/// What of one request holds for the next of its connection. Agents ask for one range of a bundle after another, by heads
/// that differ in the numbers of the range, and in the bundle's id now and then (`RangeRequest`): who asks, by which token
/// and at what pace need not be found out again, and of the bundle `BundleForm` knows the rest.
///
/// It is good for some seconds. For as long at most, and on its connection alone, a token goes on that is spent meanwhile,
/// and a pace that was changed; an answer that is under way goes on as long as it takes.
final class RangeSequel {
    /// Milliseconds of the monotonic clock.
    let end: Int64
    let bundle: BundleForm
    private let request: RangeRequest
    private let answer: BootAnswer
    private let attempt: Int64

    /// Milliseconds.
    static let lifetime: Int64 = 5000

    /// Nil where the request was not one range of a bundle, first and last byte told, and all of `bytes`.
    /// - Parameters:
    ///   - head: as it was read out of `bytes`.
    ///   - made: the head of `answer`.
    init?(
        of bytes: ByteBuffer, _ head: RequestHead, answered answer: BootAnswer, _ made: AnswerHead, at now: Int64
    ) {
        guard answer.status == 206, case .bundle(let name, let attempt) = answer.account,
            case .file(let file, let part) = answer.body,
            let bundle = BundleForm(of: name, file, made, until: now + Self.lifetime),
            let request = RangeRequest(Array(bytes.readableBytesView), head), request.id.elementsEqual(bundle.id)
        else { return nil }
        end = bundle.end
        self.bundle = bundle
        self.request = request
        self.answer = answer
        self.attempt = attempt
        guard self.part(askedBy: bytes) == part else { return nil }
    }

    private init(_ other: RangeSequel, of bundle: BundleForm) {
        end = min(other.end, bundle.end)
        self.bundle = bundle
        request = other.request
        attempt = other.attempt
        var answer = other.answer
        answer.account = .bundle(bundle.name, attempt: attempt)
        self.answer = answer
    }

    /// The part of the same bundle that a client asks for who sent `bytes` and nothing else; nil for all else.
    func part(askedBy bytes: ByteBuffer) -> Range<Int>? {
        bytes.withUnsafeReadableBytes { request.part(askedBy: $0, of: bundle.id, size: bundle.file.size) }
    }

    /// What the same client, by the same token, may have of another one of `bundles`, and the part that it asks for.
    func successor(
        askedBy bytes: ByteBuffer, among bundles: [[UInt8]: BundleForm]
    ) -> (sequel: RangeSequel, part: Range<Int>)? {
        guard !request.isConditional, let id = bytes.withUnsafeReadableBytes({ request.id(askedBy: $0) }),
            let bundle = bundles[id]
        else { return nil }
        let sequel = RangeSequel(self, of: bundle)
        return sequel.part(askedBy: bytes).map { (sequel, $0) }
    }

    func answer(of part: Range<Int>) -> BootAnswer {
        var answer = answer
        answer.body = .file(bundle.file, part)
        return answer
    }
}
