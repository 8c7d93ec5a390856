import PacketIO

/// What all answers with one range of one bundle have in common, whoever asks: the file, and a head in which three numbers
/// and the time differ. Used on one loop alone.
final class BundleForm {
    /// The bundle's, as its target has it.
    let id: [UInt8]
    /// The same as a text.
    let name: String
    let file: ReadOnlyFile
    /// Milliseconds of the monotonic clock: the file may be put in order meanwhile.
    let end: Int64
    private let head: [UInt8]
    private let datePlace: Range<Int>
    private let lengthPlace: Range<Int>
    private let partPlace: Range<Int>

    /// Nil where the head is none of one range.
    init?(of name: String, _ file: ReadOnlyFile, _ made: AnswerHead, until end: Int64) {
        guard let length = made.lengthPlace, let part = made.partPlace else { return nil }
        id = Array(name.utf8)
        self.name = name
        self.file = file
        self.end = end
        head = made.bytes
        datePlace = made.datePlace
        lengthPlace = length
        partPlace = part
    }

    /// The head of an answer with `part`.
    /// - Parameter date: as `HTTPDate` has it.
    func head(of part: Range<Int>, date: String) -> [UInt8] {
        head.withUnsafeBufferPointer { head in
            func piece(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: head[range]) }
            var made: [UInt8] = []
            made.reserveCapacity(head.count + 40)
            made.append(contentsOf: piece(0..<datePlace.lowerBound))
            made.append(contentsOf: date.utf8)
            made.append(contentsOf: piece(datePlace.upperBound..<lengthPlace.lowerBound))
            made.append(decimal: part.count)
            made.append(contentsOf: piece(lengthPlace.upperBound..<partPlace.lowerBound))
            made.append(part)
            made.append(contentsOf: piece(partPlace.upperBound..<head.count))
            return made
        }
    }
}
