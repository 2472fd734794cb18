/** A bug in one page must not leave a white window: it says what happened, and the rest goes on. */
import { Component, type ReactNode } from 'react';

interface Props {
  /** Another place is another try. */
  place: string;
  children: ReactNode;
}

interface State {
  error: Error | null;
  place: string;
}

export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null, place: this.props.place };

  static getDerivedStateFromError(error: Error): Partial<State> {
    return { error };
  }

  static getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.place === state.place ? null : { error: null, place: props.place };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <div className="blank">
        <h1>This page could not be drawn</h1>
        <p className="problem" role="alert">
          {error.message}
        </p>
        <p className="muted">
          This is a bug; nothing stored is lost. Reloading may help; please report it with the link.
        </p>
        <button type="button" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    );
  }
}
