import BootPolicy
import FuzzHarness

@testable import BootProtocols

// The options that boot programs are told by and booted with (43, 60, 77, 93, 94, 97, 175) on arbitrary bytes: they are
// read, the client is recognized, and its offer holds what it needs.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        let messages = Captures.payloads { [67, 68, 4011].contains($0.destinationPort) }
            .compactMap { try? DHCPMessage(decoding: $0) }
        return Captures.distinct(messages.map(BootOptions.seed))
    }
}

private let server = BootServer(address: IPv4Address(value: 0x0a4d_0001), httpPort: 8987)

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        var input = FuzzInput(bytes)
        let choice = input.byte()
        let request = BootOptions.message(&input)
        checkCodecs(request.options)
        let loaders: [BootLoader] = [.ipxe, .pxelinux, .grub, .shim]
        var policy = FirmwarePolicy(loader: loaders[Int(choice & 3)])
        if choice & 4 != 0 { policy.files = ["snponly-arm64.efi", "bootcode.bin", "start4.elf", "boot.scr.uimg"] }
        if choice & 8 != 0, let prefix = MACAddressPrefix("52:54:00") { policy.binlClients = [prefix] }
        let client = BootClient(request, wasChained: choice & 16 != 0, under: policy)
        require(!client.description.isEmpty && client.description.utf8.count < 1600, "a client in too many words")
        checkOffer(client, isProxy: choice & 32 != 0)
    }
}

/// What is written of an option reads as the same, and again.
private func checkCodecs(_ options: DHCPOptions) {
    if let ipxe = options.ipxe {
        let again = IPXEOptions(decoding: ipxe.encoded)
        require(again.features == ipxe.features && again.skipsProxyWait == ipxe.skipsProxyWait, "175 reads otherwise")
    }
    if let pxe = options.pxe {
        let again = PXEOptions(decoding: pxe.encoded)
        require(again.discoveryControl == pxe.discoveryControl && again.bootItem == pxe.bootItem, "43 reads otherwise")
        require(PXEOptions(decoding: again.encoded) == again, "43 changes the second time")
    }
    for name in options.userClasses { require(name.utf8.count <= 3 * 255, "a user class of \(name.utf8.count) bytes") }
}

/// What `facts` say that boot programs need, whoever is told it.
private func checkOffer(_ client: BootClient, isProxy: Bool) {
    var offer = DHCPMessage(.reply, transactionID: 1, mac: client.traits.mac)
    offer.options.messageType = .offer
    if isProxy {
        client.fillProxyFields(of: &offer, from: server)
    } else {
        client.fillBootFields(of: &offer, from: server)
    }
    guard let bytes = try? offer.encoded(limit: 548), let read = try? DHCPMessage(decoding: bytes) else {
        return require(false, "an offer to \(client) that does not fit or read")
    }
    require(read.options[.overload] == nil, "overload, which shim cannot read")
    if !read.bootFile.isEmpty || read.options.bootFileName != nil {
        require(read.bootFile == read.options.bootFileName, "`file` \(read.bootFile) is not option 67")
        require(read.nextServer == server.address && read.serverName == "10.77.0.1", "a file without its server")
        require(read.options.tftpServerName == "10.77.0.1", "a file without 66")
        let isURL = read.bootFile.hasPrefix("http://")
        if read.options.vendorClass == "HTTPClient" { require(isURL, "HTTP boot of \(read.bootFile)") }
        require(read.options[.bootFileName]?.last == 0 && read.options[.tftpServerName]?.last == 0, "no NUL")
    }
    if read.options.vendorClass == "PXEClient", read.options[.vendorSpecific] == nil {
        guard case .binlLoader = client.offer else { return require(false, "60 without 43 to \(client)") }
    }
    if read.options.ipxe != nil { require(client.kind == .ipxe, "175 to \(client)") }
}
