public import BootProtocols

extension BootClient {
    /// Writes into a reply what this client boots from. Nothing of it is left out for not being in option 55:
    /// ROMs ask for less than they need.
    public func fillBootFields(of reply: inout DHCPMessage, from server: BootServer) {
        switch offer {
        case .address, .refused:
            break
        case .nextServer:
            reply.nextServer = server.address
            reply.serverName = server.address.description
        case .loader(let name):
            reply.setBootFile(name, server: server)
        case .pxeLoader(let name):
            reply.setBootFile(name, server: server)
            reply.bootAtOnce()
        case .binlLoader(let name):
            reply.setBootFile(name, server: server)
            reply.options.vendorClass = "PXEClient"
        case .httpLoader(let name):
            reply.setBootFile(server.firmwareURL(of: name), server: server)
            reply.options.vendorClass = "HTTPClient"
        case .raspberryPiMenu(let entry):
            reply.setServer(server)
            reply.options.vendorClass = "PXEClient"
            var pxe = PXEOptions()
            pxe.discoveryControl = [.noBroadcast, .noMulticast]
            pxe.menu = [PXEOptions.MenuEntry(type: 0, text: entry)]
            pxe.prompt = PXEOptions.Prompt(timeout: 0, text: "PXE")
            reply.options.pxe = pxe
        case .scriptByHTTP:
            reply.setBootFile(server.scriptURL(for: traits.mac), server: server)
            reply.skipProxyWait()
        case .scriptByTFTP:
            reply.setBootFile(BootServer.scriptFile(for: traits.mac), server: server)
            reply.skipProxyWait()
        }
    }

    /// The same for an answer of a proxy, which has no address in it: what marks it as one, option 60, is there for
    /// every client, and a PXE ROM is told to take the file from it (PXE 2.1, 2.2.4).
    public func fillProxyFields(of reply: inout DHCPMessage, from server: BootServer) {
        fillBootFields(of: &reply, from: server)
        // iPXE has waited already for what this could spare it.
        reply.options.ipxe = nil
        if reply.options.vendorClass == nil { reply.bootAtOnce() }
    }

    /// Whether a proxy has anything for it: an offer without an address is of use only to who boots from it.
    public var bootsFromOffer: Bool {
        switch offer {
        case .loader, .pxeLoader, .binlLoader, .httpLoader, .scriptByHTTP, .scriptByTFTP, .raspberryPiMenu: true
        case .address, .nextServer, .refused: false
        }
    }
}

extension DHCPMessage {
    /// In the fixed fields and in options 66 and 67, since each client reads another of them.
    fileprivate mutating func setBootFile(_ name: String, server: BootServer) {
        setServer(server)
        bootFile = name
        options.bootFileName = name
    }

    fileprivate mutating func setServer(_ server: BootServer) {
        nextServer = server.address
        serverName = server.address.description
        options.tftpServerName = server.address.description
    }

    fileprivate mutating func bootAtOnce() {
        options.vendorClass = "PXEClient"
        var pxe = PXEOptions()
        pxe.discoveryControl = .bootFileAtOnce
        options.pxe = pxe
    }

    fileprivate mutating func skipProxyWait() {
        var ipxe = IPXEOptions()
        ipxe.skipsProxyWait = true
        options.ipxe = ipxe
    }
}
