declare module '@novnc/novnc' {
  /** What is used of noVNC's client. @see https://github.com/novnc/noVNC/blob/master/docs/API.md */
  export default class RFB extends EventTarget {
    constructor(target: HTMLElement, channel: WebSocket | string);
    scaleViewport: boolean;
    viewOnly: boolean;
    background: string;
    focus(): void;
    sendCtrlAltDel(): void;
    disconnect(): void;
  }
}
