import Operations
import Pipeline
import Raster

/// Shows the object's mask instead of its picture.
package struct VignetteMaskNode: VignetteNode {
    package static let kind = "vignette.mask"
    package static let title = "Mask picture"
    package static let help = "Replaces the picture by the object's mask in two colours, for instance as a second picture of the object."
    package static let parameters: [Parameter<Self>] = [
        .color(\.foreground, "foreground", label: "Object", help: "Colour of the object."),
        .color(\.background, "background", label: "Background", help: "Colour of everything else."),
    ]
    package var foreground = BGR<UInt8>(blue: 255, green: 255, red: 255)
    package var background = BGR<UInt8>(blue: 0, green: 0, red: 0)
    package init() {}

    package func draw(on picture: inout VignettePicture) {
        let content = AnyImage.gray8(Image(width: picture.content.width, height: picture.content.height, repeating: 0))
            .painted(.full(Rect(x: 0, y: 0, width: picture.content.width, height: picture.content.height)), color: background)
            .painted(picture.mask.translated(x: -picture.content.x, y: -picture.content.y), color: foreground)
        picture.pixels = picture.content == picture.pixels.bounds ? content : picture.pixels.laying(content, x: picture.content.x, y: picture.content.y)
    }
}
