import BootMachine
import BootProtocols
import FoundationEssentials
import FuzzHarness

// What agent and server say to each other, as JSON on arbitrary bytes. The first byte chooses who reads.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        let inventory = Inventory(
            cpus: 2, memoryBytes: 1 << 31, firmware: "efi", uuid: "4c4c4544-0051-3610-8052-b4c04f4b3132", serial: nil,
            product: "QEMU", uptimeMilliseconds: 900)
        let checkIn = CheckIn(
            phase: .stage1, mac: MACAddress(value: 0x5254_0012_3456), address: IPv4Address(value: 0x0a4d_0037),
            kernelRelease: "6.1.0", kernelDigest: String(repeating: "0a", count: 32), inventory: inventory)
        let plan = Plan(
            action: .diskless, nodeName: "n1", capsule: "compute@12", handoff: .kexec,
            servers: ["http://10.77.0.1:8987"], waitSeconds: 30, reasons: ["kexec: asked for by the node"])
        let reports = [
            AgentReport(kind: .progress, bytes: 1 << 40, milliseconds: 5, percent: 50, detail: "d", capsule: "c@1")
        ]
        return [
            [0] + json(checkIn), [1] + json(reports), [2] + json(CheckInReply(attempt: 7, token: "t", plan: plan)),
        ]
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        let text = Data(bytes.dropFirst())
        switch (bytes.first ?? 0) % 3 {
        case 0: check(CheckIn.self, text)
        case 1: check([AgentReport].self, text)
        default: check(CheckInReply.self, text)
        }
    }
}

/// What reads is written, and reads the same again.
private func check<Message: Codable & Equatable>(_ type: Message.Type, _ text: Data) {
    guard let message = try? JSONDecoder().decode(type, from: text) else { return }
    let again = try? JSONDecoder().decode(type, from: Data(json(message)))
    require(again == message, "\(message) reads back as \(String(describing: again))")
}

private func json(_ message: some Encodable) -> [UInt8] {
    (try? JSONEncoder().encode(message)).map { Array($0) } ?? []
}
