import CapsuleFormat
import Testing

@Suite struct ChunkBitmapTests {
    @Test(arguments: [0, 1, 63, 64, 65, 200])
    func fillsUp(count: Int) {
        var bitmap = ChunkBitmap(count: count)
        #expect(bitmap.missing == Array(0..<count))
        for chunk in 0..<count {
            #expect(!bitmap.isComplete)
            bitmap.insert(chunk)
            bitmap.insert(chunk)
            #expect(bitmap.contains(chunk))
            #expect(bitmap.present == chunk + 1)
        }
        #expect(bitmap.isComplete)
        #expect(bitmap.missing.isEmpty)
    }

    @Test func numbersOutsideChangeNothing() {
        var bitmap = ChunkBitmap(count: 10)
        for chunk in [-1, 10, .min, .max] {
            bitmap.insert(chunk)
            #expect(!bitmap.contains(chunk))
        }
        #expect(bitmap.present == 0)
        #expect(ChunkBitmap(count: -5).isComplete)
    }
}
