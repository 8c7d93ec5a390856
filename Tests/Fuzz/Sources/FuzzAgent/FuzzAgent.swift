import BootProtocols
import FuzzHarness

@testable import AgentKit

// What else the agent reads on the node: command line, DHCP answers, the module tree's files, the server's plan.
// The first byte chooses.

@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    FuzzHarness.start {
        let texts = [
            "\u{0}console=ttyS0 perseid.server=http://10.77.0.1:8987 perseid.token=\"a b\" perseid.mac=52:54:00:12:34:56",
            "\u{1}kernel/a.ko: kernel/b.ko.xz kernel/c.ko\nkernel/b.ko.xz:\nkernel/c.ko: kernel/b.ko.xz\n",
            "\u{1}softdep a pre: b c post: d\nalias virtio:d00000001v* a\nalias fs-squashfs b\nalias pci:v[0-9!a]?d* c\n",
            "\u{2}pci:v[!a-f]*d?*[\npci:v000010ECd00008139sv",
            "\u{3}MemTotal:  2048 kB\nMemAvailable: 1024 kB\n",
        ]
        let offers = Captures.payloads { $0.destinationPort == 68 }.map { [4] + $0 }
        return texts.map { Array($0.utf8) } + offers
    }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzHarness.run(start, count) { bytes in
        let rest = Array(bytes.dropFirst())
        let text = String(decoding: rest, as: UTF8.self)
        switch (bytes.first ?? 0) % 5 {
        case 0: checkCommandLine(text)
        case 1: checkModules(rest)
        case 2: checkGlob(rest)
        case 3: checkMemory(text)
        default: checkDHCPClient(rest)
        }
    }
}

private func checkCommandLine(_ text: String) {
    let line = KernelCommandLine(text)
    _ = line.consoleSettings
    do throws(BootSettingsError) {
        let settings = try BootSettings(line)
        require(!settings.servers.isEmpty && !settings.token.isEmpty, "settings without a server or a token")
    } catch {
        require(!error.description.isEmpty, "an error without words")
    }
}

private func checkModules(_ file: [UInt8]) {
    let index = ModuleIndex(dep: file, alias: file, builtin: file.suffix(20), softdep: file)
    for word in file.split(separator: UInt8(ascii: " ")).prefix(8) {
        let text = String(decoding: word, as: UTF8.self)
        if let order = index.loadOrder(for: ModuleName(text)) {
            require(Set(order.map { ModuleName($0) }).count == order.count, "\(text) loads a module twice: \(order)")
        }
        let found = index.modules(matching: text)
        require(Set(found).count == found.count, "\(text) finds a module twice")
    }
}

private func checkGlob(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    guard let pattern = parts.first, let text = parts.last else { return }
    let matches = AliasGlob.matches(pattern, text)
    require(AliasGlob.matches(pattern + [UInt8(ascii: "*")], text) || !matches, "a star behind it spoils a match")
    require(AliasGlob.matches([UInt8(ascii: "*")], text), "a star does not match everything")
}

private func checkMemory(_ text: String) {
    guard let memory = MemoryInfo(text) else { return }
    require(memory.usedBytes >= 0 && memory.totalBytes >= 0, "\(memory) is below zero")
    _ = mebibytes(memory.usedBytes)
    _ = megabytes(memory.totalBytes)
}

/// A client that hears the same message in each of its states.
private func checkDHCPClient(_ bytes: [UInt8]) {
    guard let message = try? DHCPMessage(decoding: bytes) else { return }
    var client = DHCPClient(mac: message.mac, transactionID: message.transactionID, now: 0)
    var actions = client.discover(at: 0, spread: 0.5)
    for round in 1...6 {
        actions += client.receive(message, at: Int64(round) * 1000, spread: 0)
        if let deadline = client.deadline { actions += client.timeout(at: deadline, spread: 1) }
    }
    for case .bound(let lease) in actions { check(lease) }
    // Its own messages can be sent; what a server said is in them.
    for case .broadcast(let request) in actions {
        require((try? request.encoded()) != nil, "\(request) cannot be sent")
    }
    if let lease = DHCPLease(acknowledged: message, at: 0) { check(lease) }
}

private func check(_ lease: DHCPLease) {
    require((0...32).contains(lease.prefixLength) && lease.subnet != nil, "a prefix of \(lease.prefixLength)")
    require((lease.renewalSeconds ?? 1) >= 1 && (lease.leaseSeconds ?? 0) >= 0, "\(lease) is renewed at once")
    for line in lease.resolverLines { require(!line.contains("\n"), "a line of resolv.conf breaks: \(line)") }
    _ = LeaseRenewal(lease)
}
