package enum PyramidError: Error, Equatable, CustomStringConvertible {
    case cannotWrite(file: String, reason: String)
    case cannotRead(file: String, reason: String)
    case notAPyramid(file: String, reason: String)

    package var description: String {
        switch self {
        case .cannotWrite(let file, let reason): "The tiles cannot be written to \(file): \(reason); free some space or choose another folder"
        case .cannotRead(let file, let reason): "The tiles in \(file) cannot be read: \(reason); delete the file, it will be made again"
        case .notAPyramid(let file, let reason): "\(file) is not a tile file of ship (\(reason)); delete it, it will be made again"
        }
    }
}
