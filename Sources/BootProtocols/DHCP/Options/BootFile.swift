/// Where the boot file is. The fixed fields `siaddr`, `sname` and `file` say the same, and a reply to a
/// boot program needs both: shim reads `file` and `siaddr` alone, EDK2's HTTP boot option 67 alone.
extension DHCPOptions {
    /// Option 66: name or address of the TFTP server (RFC 2132, 9.4). Written with a NUL at its end.
    public var tftpServerName: String? {
        get { text(.tftpServerName) }
        set { set(.tftpServerName, text: newValue, terminated: true) }
    }

    /// Option 67: file name or URL (RFC 2132, 9.5). Written with a NUL at its end: old ROMs read it as a C
    /// string and take the END that follows for a part of the name, and EDK2 writes a NUL past it.
    public var bootFileName: String? {
        get { text(.bootFileName) }
        set { set(.bootFileName, text: newValue, terminated: true) }
    }
}
