public import ArgumentParser
public import BootProtocols
public import StormKit

// Values of other targets as the command line takes them.

extension ClientShape: ExpressibleByArgument {}
extension IPv4Address: ExpressibleByArgument {}
