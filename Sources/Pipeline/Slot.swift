import Raster

/// What flows through a slot. A gray image is an image too; nothing else converts by itself.
package enum SlotType: String, Sendable, Codable {
    case image, gray, mask, regions, measurements, vignettes, archive

    /// Whether a value of this type may enter an input of type `input`.
    package func fits(_ input: SlotType) -> Bool {
        self == input || (self == .gray && input == .image)
    }
}

/// Value that can lie in a slot.
package protocol SlotValue: Sendable {
    static var slotType: SlotType { get }
}

extension AnyImage: SlotValue { package static var slotType: SlotType { .image } }
extension Mask: SlotValue { package static var slotType: SlotType { .mask } }

/// Image of one channel, 8 or 16 bits a sample.
package enum GrayImage: SlotValue {
    case bits8(Image<UInt8>)
    case bits16(Image<UInt16>)

    package static var slotType: SlotType { .gray }

    package var anyImage: AnyImage {
        switch self {
        case .bits8(let image): .gray8(image)
        case .bits16(let image): .gray16(image)
        }
    }

    package var width: Int { anyImage.width }
    package var height: Int { anyImage.height }
}

/// Declared input or output of a node class.
package struct SlotSchema: Sendable {
    package let name: String
    package let type: SlotType
    package let help: String
    /// Output only: the value has the type of what came in through this input.
    package let sameAs: String?
    /// Input only: takes any number of edges, at least one; measurement tables of the same regions are joined.
    package let takesMany: Bool
    /// Input only: the node also runs when no edge ends here.
    package let isOptional: Bool
    /// Input only: may be left unconnected while the input of this name is connected.
    package let unless: String?

    package init(
        name: String, type: SlotType, help: String, sameAs: String? = nil, takesMany: Bool = false, isOptional: Bool = false, unless: String? = nil
    ) {
        (self.name, self.type, self.help, self.sameAs) = (name, type, help, sameAs)
        (self.takesMany, self.isOptional, self.unless) = (takesMany, isOptional, unless)
    }
}

/// Key of one value of a node: reads its input, writes its output.
package struct Slot<Value: SlotValue>: Sendable {
    package let schema: SlotSchema
    package var name: String { schema.name }

    package init(_ name: String, help: String, takesMany: Bool = false, isOptional: Bool = false, unless other: String? = nil) {
        schema = SlotSchema(name: name, type: Value.slotType, help: help, takesMany: takesMany, isOptional: isOptional, unless: other)
    }

    /// Output that keeps the type of the input named `sameAs`: gray stays gray.
    package init(_ name: String, sameAs: String, help: String) {
        schema = SlotSchema(name: name, type: Value.slotType, help: help, sameAs: sameAs)
    }
}

/// The values of one node while it runs.
package struct SlotValues: Sendable {
    private var values: [String: any SlotValue]

    package init(_ values: [String: any SlotValue] = [:]) { self.values = values }

    /// The graph was checked before the run, so a missing or mistyped value is a mistake in a node's code.
    package subscript<Value: SlotValue>(slot: Slot<Value>) -> Value {
        get {
            guard let value = values[slot.name] else { preconditionFailure("slot \(slot.name) holds no value") }
            if let value = value as? Value { return value }
            // A gray image enters an image slot as it is.
            if let gray = value as? GrayImage, let value = gray.anyImage as? Value { return value }
            preconditionFailure("slot \(slot.name) holds \(type(of: value)), not \(Value.self)")
        }
        set { values[slot.name] = newValue }
    }

    /// Value of an optional input; nil when nothing is connected.
    package func optional<Value: SlotValue>(_ slot: Slot<Value>) -> Value? { values[slot.name].flatMap { $0 as? Value } }

    /// Value of any type; nil when nothing was written.
    package subscript(name: String) -> (any SlotValue)? {
        get { values[name] }
        set { values[name] = newValue }
    }
}
