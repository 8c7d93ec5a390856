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
            reply.options.vendorClass = "PXEClient"
            var pxe = PXEOptions()
            pxe.discoveryControl = .bootFileAtOnce
            reply.options.pxe = pxe
        case .httpLoader(let name):
            reply.setBootFile(server.url(of: name), server: server)
            reply.options.vendorClass = "HTTPClient"
        case .scriptByHTTP:
            reply.setBootFile(server.scriptURL(for: traits.mac), server: server)
            reply.skipProxyWait()
        case .scriptByTFTP:
            reply.setBootFile(BootServer.scriptFile(for: traits.mac), server: server)
            reply.skipProxyWait()
        }
    }
}

extension DHCPMessage {
    /// In the fixed fields and in options 66 and 67, since each client reads another of them.
    fileprivate mutating func setBootFile(_ name: String, server: BootServer) {
        nextServer = server.address
        serverName = server.address.description
        bootFile = name
        options.tftpServerName = server.address.description
        options.bootFileName = name
    }

    fileprivate mutating func skipProxyWait() {
        var ipxe = IPXEOptions()
        ipxe.skipsProxyWait = true
        options.ipxe = ipxe
    }
}
