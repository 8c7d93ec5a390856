import BootProtocols

/// An oddity of a message that costs boots, told with what it does. One row of the table each; see the fingerprint
/// table in `BootPolicy` for what is done about clients.
struct Quirk {
    let text: String
    let holds: @Sendable (_ message: DHCPMessage, _ sourcePort: UInt16) -> Bool

    static func all(of message: DHCPMessage, from port: UInt16) -> [Quirk] {
        table.filter { $0.holds(message, port) }
    }

    private static let table: [Quirk] = replies + requests

    // MARK: - Of servers

    private static let replies = [
        reply("60 without 43: UEFI takes this for BINL and asks next-server on port 4011 instead of booting the file") {
            isPXE($0) && $0.options[.vendorSpecific] == nil && hasFile($0)
        },
        reply("a PXE offer without a boot file and without a menu (43.8, 43.9): nothing to boot") {
            isPXE($0) && !hasFile($0) && ($0.options.pxe?.menu.isEmpty ?? true)
                && $0.options.pxe?.bootServers.isEmpty ?? true
        },
        reply("no server identifier (54): EDK2 drops it") { $0.options.serverIdentifier == nil },
        reply("a boot file in 67 alone: shim reads only the `file` field") {
            $0.bootFile.isEmpty && $0.options.bootFileName != nil
        },
        reply("a boot file in `file` alone: some HTTP firmware reads only 67") {
            !$0.bootFile.isEmpty && $0.options.bootFileName == nil && $0.options.vendorClass == "HTTPClient"
        },
        reply("a boot file and no next server (siaddr 0): iPXE and ROMs do not know where to fetch it") {
            hasFile($0) && $0.nextServer == .any && !isURL($0)
        },
        reply("an HTTP offer (60 is HTTPClient) whose boot file is no URL") {
            $0.options.vendorClass == "HTTPClient" && hasFile($0) && !isURL($0)
        },
        reply("a URL to a client that was not told HTTPClient (60): PXE firmware takes it for a TFTP name") {
            isURL($0) && $0.options.vendorClass == "PXEClient"
        },
        reply("a lease of 0 s") { $0.options.leaseTime == 0 },
        Quirk(text: "an answer from neither port 67 nor 4011: iPXE and U-Boot do not take it") { message, port in
            message.operation == .reply && ![67, 4011].contains(port)
        },
    ]

    // MARK: - Of clients

    private static let requests = [
        request("the machine's UUID (97) is all zeros: it cannot be told by it") {
            $0.options.clientMachine?.isUnset ?? false
        },
        request("maximum message size (57) is under 576 bytes: taken as 576") {
            $0.options.maximumMessageSize.map { $0 < 576 } ?? false
        },
        request("maximum message size (57) is over an Ethernet frame: taken as 1472 (EDK2 swaps its bytes)") {
            $0.options.maximumMessageSize.map { $0 > 1500 } ?? false
        },
        request("no client architecture (93) from a PXE client: an old ROM, taken for BIOS unless 60 says otherwise") {
            isPXE($0) && $0.options.clientArchitectures.isEmpty
        },
        request("architecture 9 (EFI byte code): in practice x64 firmware that swapped 7 and 9") {
            $0.options.clientArchitectures.first == .efiByteCode
        },
        request("iPXE over UEFI: told by 77 or 175, not by its architecture, which is the firmware's") {
            ($0.options.ipxe != nil || $0.options.userClasses.contains("iPXE"))
                && $0.options.clientArchitectures.contains { $0 != .bios }
        },
        request("`secs` over an hour: some programs put other things there, never reckon with it") { $0.secs > 3600 },
        request("passed a relay agent") { $0.relayAddress != .any },
    ]

    private static func reply(_ text: String, _ holds: @escaping @Sendable (DHCPMessage) -> Bool) -> Quirk {
        Quirk(text: text) { message, _ in
            message.operation == .reply && message.options.messageType != .nak && holds(message)
        }
    }

    private static func request(_ text: String, _ holds: @escaping @Sendable (DHCPMessage) -> Bool) -> Quirk {
        Quirk(text: text) { message, _ in message.operation == .request && holds(message) }
    }

    private static func isPXE(_ message: DHCPMessage) -> Bool {
        message.options.vendorClass?.hasPrefix("PXEClient") ?? false
    }

    private static func file(_ message: DHCPMessage) -> String { message.options.bootFileName ?? message.bootFile }

    private static func hasFile(_ message: DHCPMessage) -> Bool { !file(message).isEmpty }

    private static func isURL(_ message: DHCPMessage) -> Bool { file(message).contains("://") }
}
