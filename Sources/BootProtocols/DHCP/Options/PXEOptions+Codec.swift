extension PXEOptions {
    /// Reads the sub-options that are whole and of the right form.
    init(decoding bytes: ArraySlice<UInt8>) {
        let options = EncapsulatedOptions(bytes)
        discoveryControl = options[6].flatMap { $0.count == 1 ? $0.first : nil }.map(DiscoveryControl.init(rawValue:))
        bootServers = options[8].map(Self.bootServers) ?? []
        menu = options[9].map(Self.menu) ?? []
        if let value = options[10], let timeout = value.first {
            prompt = Prompt(timeout: timeout, text: String(decoding: value.dropFirst(), as: UTF8.self))
        }
        var item = ByteReader(options[71] ?? [])
        if let type = item.uint16(), let layer = item.uint16() {
            bootItem = BootItem(type: type, layer: layer)
        }
    }

    private static func bootServers(_ bytes: ArraySlice<UInt8>) -> [BootServer] {
        var reader = ByteReader(bytes)
        var servers: [BootServer] = []
        while let type = reader.uint16(), let count = reader.uint8() {
            var addresses = ByteReader(reader.slice(4 * Int(count)) ?? [])
            var server = BootServer(type: type, addresses: [])
            while let address = addresses.ipv4Address() { server.addresses.append(address) }
            guard server.addresses.count == Int(count) else { break }
            servers.append(server)
        }
        return servers
    }

    private static func menu(_ bytes: ArraySlice<UInt8>) -> [MenuEntry] {
        var reader = ByteReader(bytes)
        var entries: [MenuEntry] = []
        while let type = reader.uint16(), let length = reader.uint8(), let text = reader.slice(Int(length)) {
            entries.append(MenuEntry(type: type, text: String(decoding: text, as: UTF8.self)))
        }
        return entries
    }

    /// Option 43's value. Sub-options that hold nothing are left out.
    var encoded: ArraySlice<UInt8> {
        var options = EncapsulatedOptions()
        if let discoveryControl { options.append(6, [discoveryControl.rawValue]) }
        if !bootServers.isEmpty { options.append(8, DHCPOptions.value { write(servers: &$0) }) }
        if !menu.isEmpty { options.append(9, DHCPOptions.value { write(menu: &$0) }) }
        if let prompt { options.append(10, [prompt.timeout] + prompt.text.utf8) }
        if let bootItem {
            options.append(
                71,
                DHCPOptions.value {
                    $0.write(bootItem.type)
                    $0.write(bootItem.layer)
                })
        }
        return options.bytes
    }

    private func write(servers writer: inout ByteWriter) {
        for server in bootServers {
            let addresses = server.addresses.prefix(63)
            writer.write(server.type)
            writer.write(UInt8(truncatingIfNeeded: addresses.count))
            for address in addresses { writer.write(address) }
        }
    }

    private func write(menu writer: inout ByteWriter) {
        for entry in menu {
            let text = entry.text.utf8.prefix(252)
            writer.write(entry.type)
            writer.write(UInt8(truncatingIfNeeded: text.count))
            writer.write(contentsOf: text)
        }
    }
}
