import ArgumentParser
import Operations

enum ThresholdChoice: ExpressibleByArgument, Equatable {
    case otsu, triangle
    case level(Int)
    case quantile(Double)

    init?(argument: String) {
        switch argument {
        case "otsu": self = .otsu
        case "triangle": self = .triangle
        default:
            if let level = Int(argument), (0...65535).contains(level) {
                self = .level(level)
            } else if argument.hasPrefix("q"), let fraction = Double(argument.dropFirst()), (0...1).contains(fraction) {
                self = .quantile(fraction)
            } else {
                return nil
            }
        }
    }
}

enum Polarity: String, ExpressibleByArgument, CaseIterable { case dark, bright }

extension Connectivity: ExpressibleByArgument {}
extension NestedPolicy: ExpressibleByArgument {}

struct MeasureGroups: ExpressibleByArgument {
    let groups: [MeasureGroup]

    init(groups: [MeasureGroup]) { self.groups = groups }

    init?(argument: String) {
        groups = argument.split(separator: ",", omittingEmptySubsequences: false).compactMap { MeasureGroup(rawValue: String($0)) }
        guard groups.count == argument.count(where: { $0 == "," }) + 1, Set(groups).count == groups.count else { return nil }
    }

    var defaultValueDescription: String { groups.map(\.rawValue).joined(separator: ",") }
}
