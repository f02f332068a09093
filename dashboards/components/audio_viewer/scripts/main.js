// What Streamlit calls when the viewer is shown first and whenever what it shows has changed.

import { Viewer } from "./viewer.js";

export default function (component) {
  const { parentElement } = component;
  parentElement.viewer ??= new Viewer(parentElement);
  const { viewer } = parentElement;
  viewer.show(component.data, component.setStateValue);
  return () => {
    viewer.close();
    delete parentElement.viewer;
  };
}
