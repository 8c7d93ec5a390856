import FuzzHarness

@testable import BootProtocols

// The DHCP codec on arbitrary bytes: every option is read, and what can be written again reads the same.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start { Captures.payloads { [67, 68, 4011].contains($0.destinationPort) } }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        let message: DHCPMessage
        do throws(DHCPError) {
            message = try DHCPMessage(decoding: bytes)
        } catch {
            require(!error.description.isEmpty, "an error without words")
            return
        }
        checkAccessors(message.options)
        checkEncoding(message)
    }
}

/// What is written reads back, and then never changes again; texts that are not UTF-8 change the first time.
private func checkEncoding(_ message: DHCPMessage) {
    guard let encoded = try? message.encoded() else {
        // Joined options, and names of an overlong replacement text, are allowed not to fit.
        let tooLong = message.options.contains { $0.value.count > 255 }
        let names = message.serverName.utf8.count > 63 || message.bootFile.utf8.count > 127
        require(tooLong || names || message.options.reduce(0) { $0 + $1.value.count } > 3000, "cannot be encoded")
        return
    }
    require(encoded.count >= DHCPMessage.minimumSize, "encoded to \(encoded.count) bytes")
    guard let again = try? DHCPMessage(decoding: encoded) else { return require(false, "does not read back") }
    require(sameButOrder(message, again), "reads back as another message: \(message) and \(again)")
    require((try? again.encoded()) == encoded, "is encoded otherwise the second time")
    let limit = message.options.payloadLimit
    require((548...1444).contains(limit), "a payload limit of \(limit)")
    if let short = try? message.encoded(limit: limit) { require(short.count <= limit, "over its limit") }
}

/// The type goes first and relay information last; the other options keep their order.
private func sameButOrder(_ left: DHCPMessage, _ right: DHCPMessage) -> Bool {
    var left = left
    var right = right
    let ends: [DHCPOptionCode] = [.messageType, .relayAgentInformation]
    for code in ends where left.options[code] != right.options[code] { return false }
    for code in ends {
        left.options[code] = nil
        right.options[code] = nil
    }
    return left == right
}

/// Each option reads without a trap, and what a setter writes its getter reads.
private func checkAccessors(_ options: DHCPOptions) {
    check(options, \.messageType)
    check(options, \.message)
    check(options, \.leaseTime)
    check(options, \.renewalTime)
    check(options, \.rebindingTime)
    check(options, \.subnetMask)
    check(options, \.broadcastAddress)
    check(options, \.routers)
    check(options, \.domainNameServers)
    check(options, \.requestedAddress)
    check(options, \.serverIdentifier)
    check(options, \.clientNetworkInterface)
    check(options, \.vendorClass)
    check(options, \.clientIdentifier)
    check(options, \.relayAgentInformation)
    check(options, \.parameterRequestList)
    check(options, \.maximumMessageSize)
    check(options, \.clientMachine)
    check(options, \.hostName)
    check(options, \.domainName)
    check(options, \.clientArchitectures)
    check(options, \.tftpServerName)
    check(options, \.bootFileName)
    check(options, \.ipxe)
    checkPXE(options)
    checkUserClasses(options)
    _ = options.clientMachine?.description
    _ = options.clientArchitectures.map(\.description)
    _ = options.requests(.hostName)
}

private func check<Value: Equatable>(_ options: DHCPOptions, _ path: WritableKeyPath<DHCPOptions, Value>) {
    let value = options[keyPath: path]
    var copy = DHCPOptions()
    copy[keyPath: path] = value
    require(copy[keyPath: path] == value, "\(path) is \(value) and reads back as \(copy[keyPath: path])")
}

/// Texts that are not UTF-8 grow when they are read, and then are cut to fit their sub-option.
private func checkPXE(_ options: DHCPOptions) {
    guard let pxe = options.pxe else { return }
    var copy = DHCPOptions()
    copy.pxe = pxe
    require(copy.pxe?.bootItem == pxe.bootItem, "the boot item is lost")
    require(copy.pxe?.discoveryControl == pxe.discoveryControl, "the discovery control is lost")
    let texts = pxe.menu.map(\.text) + (pxe.prompt.map { [$0.text] } ?? [])
    guard !texts.contains(where: { $0.contains("\u{fffd}") }) else { return }
    require(copy.pxe == pxe, "option 43 is \(pxe) and reads back as \(String(describing: copy.pxe))")
}

private func checkUserClasses(_ options: DHCPOptions) {
    var copy = DHCPOptions()
    copy.userClasses = options.userClasses
    let fitting = options.userClasses.filter { (1...255).contains($0.utf8.count) }
    require(copy.userClasses == fitting, "user classes \(fitting) read back as \(copy.userClasses)")
}
