import CapsuleFormat
import Testing

@testable import CapsuleStore

@Suite struct ChannelHistoryTests {
    private let name: CapsuleName

    init() throws { name = try #require(CapsuleName("a")) }

    private func generation(_ number: Int) throws -> CapsuleGeneration {
        try #require(CapsuleGeneration(name: name, number: number))
    }

    private func history(_ text: String) throws -> ChannelHistory {
        try #require(ChannelHistory(Array(text.utf8), of: name))
    }

    @Test func readsWhatItWrites() throws {
        var history = ChannelHistory(try generation(1), by: .build, at: 10)
        history.move(to: try generation(2), by: .promote, at: 20)
        #expect(history.encoded == Array("2 20 promote\n1 10 build\n".utf8))
        #expect(ChannelHistory(history.encoded, of: name) == history)
        #expect(history.current == (try generation(2)))
    }

    /// A file of before there were histories, and causes of the future.
    @Test func bareNumberIsAMove() throws {
        let history = try history("3\n2 7\n1 7 teleport\n")
        #expect(history.moves.map(\.generation.number) == [3, 2, 1])
        #expect(history.moves.map(\.time) == [0, 7, 7])
        #expect(history.moves.map(\.cause) == [.promote, .promote, .promote])
    }

    @Test(arguments: ["", "\n", "1", "x\n", "0\n", "-1\n", "../1\n", "1\n\n", " 1\n", "1\nx\n"])
    func otherBytesAreNone(text: String) {
        #expect(ChannelHistory(Array(text.utf8), of: name) == nil)
    }

    @Test func rollbacksGoFurtherBackEachTime() throws {
        #expect(try history("3 3 build\n2 2 build\n1 1 build\n").before == [generation(2), generation(1)])
        #expect(try history("2 4 rollback\n3 3 build\n2 2 build\n1 1 build\n").before == [generation(1)])
        #expect(try history("1 5 rollback\n2 4 rollback\n3 3 build\n2 2 build\n1 1 build\n").before == [])
        // A promotion after a rollback begins a new branch: 3 is not on it.
        #expect(
            try history("4 5 build\n2 4 rollback\n3 3 build\n2 2 build\n1 1 build\n").before
                == [generation(2), generation(1)])
    }

    @Test func oldestMovesAreForgotten() throws {
        var history = ChannelHistory(try generation(1), by: .build, at: 1)
        for number in 2...200 { history.move(to: try generation(number), by: .build, at: Int64(number)) }
        #expect(history.moves.count == ChannelHistory.capacity)
        #expect(history.current?.number == 200)
        #expect(history.before.first?.number == 199)
        #expect(ChannelHistory(history.encoded, of: name) == history)
    }
}
