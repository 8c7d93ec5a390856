internal import CLinux
internal import Glibc

/// A system call that failed: which, why, and on what.
public struct SystemError: Error, Hashable, Sendable {
    /// The call, `bind`.
    public let call: String
    /// Its errno, `EADDRINUSE`.
    public let code: Int32
    /// What it was to act on, `port 67 on eth0`; may be empty.
    public let context: String

    public init(call: String, code: Int32, context: String = "") {
        self.call = call
        self.code = code
        self.context = context
    }

    /// Another socket holds the port: `PortHolder.find` says whose.
    public var isAddressInUse: Bool { code == EADDRINUSE }
    /// The caller lacks the right (EPERM, EACCES).
    public var isPermissionDenied: Bool { code == EPERM || code == EACCES }
    /// A file, an interface or a process that does not exist (ENOENT, ENODEV, ENXIO, ESRCH).
    public var isNotFound: Bool { [ENOENT, ENODEV, ENXIO, ESRCH].contains(code) }
    /// Nothing to read yet, or no room to write (EAGAIN).
    public var isWouldBlock: Bool { code == EAGAIN }
    /// Memory that is not there, or no longer: part of a mapped file that was cut off (EFAULT).
    public var isBadAddress: Bool { code == EFAULT }

    /// The words for `code`, `Address already in use`.
    public var reason: String { String(cString: perseid_error_text(code)) }
}

extension SystemError: CustomStringConvertible {
    /// `port 67 on eth0: Address already in use (bind)`
    public var description: String {
        (context.isEmpty ? "" : context + ": ") + reason + " (\(call))"
    }
}

/// Makes a system call that answers -1 and errno, again for as long as a signal interrupts it (EINTR).
/// `context` is built only if the call fails.
@discardableResult
public func systemCall<Result: FixedWidthInteger & SignedInteger>(
    _ name: String, _ context: @autoclosure () -> String = "", _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        let code = errno
        if code != EINTR { throw SystemError(call: name, code: code, context: context()) }
    }
}
