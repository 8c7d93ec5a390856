internal import BootProtocols
internal import CLinux
internal import Glibc

extension IPv4Endpoint {
    /// The kernel's form: both fields in network order.
    init(_ address: sockaddr_in) {
        self.init(
            IPv4Address(value: UInt32(bigEndian: address.sin_addr.s_addr)), port: UInt16(bigEndian: address.sin_port))
    }

    var kernelForm: sockaddr_in {
        var form = sockaddr_in()
        form.sin_family = sa_family_t(AF_INET)
        form.sin_port = port.bigEndian
        form.sin_addr.s_addr = address.value.bigEndian
        return form
    }
}

/// Sets an integer option of a socket.
func setOption(
    _ socket: Int32, _ level: Int32, _ option: Int32, to value: Int32, _ context: @autoclosure () -> String
) throws(SystemError) {
    var value = value
    try systemCall("setsockopt", context()) {
        setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
