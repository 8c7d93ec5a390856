import Testing

@testable import BootLab

@Suite struct TerminalTextTests {
    private func lines(_ text: String) -> [String] {
        var terminal = TerminalText()
        return terminal.receive(text.utf8)
    }

    @Test func givesALineWhenItEnds() {
        var terminal = TerminalText()
        #expect(terminal.receive("Linux ver".utf8).isEmpty)
        #expect(terminal.unfinished == "Linux ver")
        #expect(terminal.receive("sion 6.1\r\n\r\nInit".utf8) == ["Linux version 6.1"])
        #expect(terminal.finish() == "Init")
        #expect(terminal.finish() == nil)
    }

    @Test func takesColoursOut() {
        #expect(lines("\u{1b}[0;1miPXE 1.0.0\u{1b}[0m -- \u{1b}[0;36mhttp\n") == ["iPXE 1.0.0 -- http"])
    }

    @Test func endsTheLineWhereTheScreenIsCleared() {
        // What comes when a kernel's console takes over from iPXE.
        #expect(lines("initrd... ok\u{1b}c\u{1b}[?7l\u{1b}[2Jperseid-agent\n") == ["initrd... ok", "perseid-agent"])
    }

    @Test func overwritesAfterACarriageReturn() {
        #expect(lines("kernel... 10%\rkernel... ok \n") == ["kernel... ok"])
        #expect(lines("kernel... 10%\rkernel... ok\n") == ["kernel... ok%"])
        #expect(lines("50%\u{8}\u{8}\u{8}60%\n") == ["60%"])
    }

    @Test func skipsTitlesAndOtherStrings() {
        #expect(lines("\u{1b}]0;title\u{7}a\n\u{1b}Pdevice\u{1b}\\b\n\u{1b}(Bc\n") == ["a", "b", "c"])
    }

    @Test func boundsALineThatNeverEnds() {
        var terminal = TerminalText()
        #expect(terminal.receive(repeatElement(UInt8(ascii: "x"), count: 1 << 20)).isEmpty)
        #expect(terminal.unfinished.utf8.count == TerminalText.longestLine)
        #expect(terminal.receive("\nnext\n".utf8).last == "next")
    }

    @Test(arguments: [0, 1, 2, 3, 4]) func takesAnyBytes(seed: UInt64) {
        var generator = Seeded(state: seed)
        var terminal = TerminalText()
        for _ in 0..<2000 {
            let chunk = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                // Half of it escape sequences, whole and broken.
                Bool.random(using: &generator)
                    ? UInt8.random(in: 0...255, using: &generator)
                    : Array("\u{1b}[]P;27HJ\r\n\u{8}\\".utf8).randomElement(using: &generator) ?? 0
            }
            for line in terminal.receive(chunk) {
                #expect(!line.isEmpty)
                #expect(!line.utf8.contains(0x1b))
            }
        }
    }
}

/// SplitMix64: the same bytes in each run.
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
