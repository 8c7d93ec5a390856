import BootPolicy
import BootProtocols
import Dissection
import FuzzHarness
import Glibc
import PacketCapture

// `perseid dhcp decode`: capture files of arbitrary bytes, and frames in words.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start { Captures.distinct(Captures.frames()).flatMap { [[0] + $0, [1] + file($0)] } }
}

/// In memory; each process has its own, for several may run.
private let path = "/dev/shm/perseid-fuzz-\(getpid()).pcap"

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        guard let choice = bytes.first else { return }
        let rest = Array(bytes.dropFirst())
        if choice & 1 == 0 {
            // A capture may be cut off: the frame was longer than what is there.
            check(CapturedFrame(timestamp: Int64(choice), bytes: rest, originalLength: rest.count + Int(choice >> 1)))
        } else {
            checkFile(rest)
        }
    }
}

private func checkFile(_ bytes: [UInt8]) {
    guard let file = fopen(path, "w") else { return require(false, "cannot write \(path)") }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    defer { unlink(path) }
    do throws(CaptureError) {
        var capture = try CaptureFile(path)
        var total = 0
        while let frame = try capture.next() {
            total += frame.bytes.count
            require(total <= bytes.count, "\(total) bytes of frames out of \(bytes.count)")
            check(frame)
        }
    } catch {
        require(!"\(error)".isEmpty, "an error without words")
    }
}

private func check(_ frame: CapturedFrame) {
    guard let account = PacketAccount(frame) else { return }
    require(!account.summary.isEmpty, "a frame without a summary")
    let text = account.text
    require(text.utf8.count < 64 * frame.bytes.count + 4096, "\(text.utf8.count) bytes for \(frame.bytes.count)")
    // What is shown in a terminal must not steer it.
    require(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x7f }, "a control character")
    require(account.summary.unicodeScalars.allSatisfy { $0 != "\n" }, "a summary of two lines")
    for option in account.dhcp?.options ?? [] { require(!option.value.contains("\n"), "an option of two lines") }
}

/// A pcap file of one frame.
private func file(_ frame: [UInt8]) -> [UInt8] {
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let head = word(0xa1b2_c3d4) + [2, 0, 4, 0] + word(0) + word(0) + word(65535) + word(1)
    return head + word(1) + word(0) + word(frame.count) + word(frame.count) + frame
}
