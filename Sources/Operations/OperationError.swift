/// What can go wrong in an operation because of the data it was given; mistakes in the program are preconditions.
public enum OperationError: Error, Equatable, Sendable, CustomStringConvertible {
    case emptyImage(operation: String)
    case sizeMismatch(operation: String, Int, Int, otherWidth: Int, otherHeight: Int)
    case outOfRange(operation: String, parameter: String, value: String, allowed: String)

    public var description: String {
        switch self {
        case .emptyImage(let operation):
            "\(operation) needs at least one pixel, but the image is empty; choose another image or area"
        case .sizeMismatch(let operation, let width, let height, let otherWidth, let otherHeight):
            "\(operation) needs two pictures of one size, not \(width) × \(height) and \(otherWidth) × \(otherHeight); crop or resize one"
        case .outOfRange(let operation, let parameter, let value, let allowed):
            "\(operation): \(parameter) is \(value), but must be \(allowed)"
        }
    }
}
