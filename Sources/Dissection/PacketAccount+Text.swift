import BootProtocols

extension PacketAccount {
    /// The time of day in UTC, to the millisecond: `17:03:12.480`.
    public var timeOfDay: String {
        let milliseconds = ((at % 86_400_000) + 86_400_000) % 86_400_000
        let parts = [milliseconds / 3_600_000, milliseconds / 60_000 % 60, milliseconds / 1000 % 60]
        let text = parts.map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        let rest = String(milliseconds % 1000)
        return text + "." + String(repeating: "0", count: 3 - rest.count) + rest
    }

    /// The whole account for people: a line, then the fields and options.
    public var text: String {
        var lines = ["\(timeOfDay)  \(summary)"]
        let ways = [sourceMAC, source].compactMap { $0 }.joined(separator: " ")
        let goals = [destinationMAC, destination].compactMap { $0 }.joined(separator: " ")
        lines.append("  \(ways) > \(goals), \(length) bytes")
        if let problem { lines.append("  problem: \(problem)") }
        if let dhcp { lines += dhcp.lines }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension PacketAccount.DHCP {
    fileprivate var lines: [String] {
        var lines = ["  xid \(transactionID), secs \(secs), \(broadcast ? "broadcast" : "unicast"), hops \(hops)"]
        let addresses = [
            ("ciaddr", clientAddress), ("yiaddr", yourAddress), ("siaddr", nextServer), ("giaddr", relayAddress),
        ].filter { $0.1 != IPv4Address.any.description }
        if !addresses.isEmpty { lines.append("  " + addresses.map { "\($0.0) \($0.1)" }.joined(separator: ", ")) }
        if !serverName.isEmpty { lines.append("  sname \(serverName)") }
        if !bootFile.isEmpty { lines.append("  file \(bootFile)") }
        for option in options {
            let code = String(option.code)
            lines.append(
                "  " + String(repeating: " ", count: 3 - code.count) + "\(code) \(option.name): \(option.value)")
        }
        if let client { lines.append("  client: \(client)") }
        if let offer { lines.append("  Perseid offers: \(offer)") }
        for quirk in quirks { lines.append("  note: \(quirk)") }
        return lines
    }
}
